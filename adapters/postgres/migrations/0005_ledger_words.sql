-- New words wait in a list until it is full; a list of the default size (4 MB) made an append wait for more than 100 ms.
ALTER INDEX ledger_event_by_word SET (gin_pending_list_limit = 256);
