-- Every role that appends makes keys of payloads, and PostgreSQL cannot open one: a key that nobody can open makes every event of its subject fail. So
-- one is made by who uses it: its transaction appends an event that it has sealed something of. Who makes a useless one leaves evidence of it.
-- It looks as the owner: some roles may not read payloads.
CREATE FUNCTION key_comes_with_its_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.destroyed_at IS NULL AND (
    EXISTS (
      SELECT FROM ledger_payload p JOIN ledger_event e USING (sequence)
      WHERE p.key_id = NEW.key_id AND e.transaction_id = pg_current_xact_id())
    -- Where somebody acted from is hashed under their key, also where somebody else's seals what was said. Their newest event is of this transaction.
    OR EXISTS (
      SELECT FROM (SELECT transaction_id, canonical FROM ledger_event WHERE actor = NEW.subject ORDER BY sequence DESC LIMIT 1) AS newest
      WHERE transaction_id = pg_current_xact_id() AND canonical::json ->> 'source' IS NOT NULL)
  ) THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'key % of % is used by no event of its own', NEW.key_id, NEW.subject USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE CONSTRAINT TRIGGER comes_with_its_event AFTER INSERT ON ledger_key DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION key_comes_with_its_event();
