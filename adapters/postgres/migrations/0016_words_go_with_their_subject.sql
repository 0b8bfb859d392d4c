-- What people wrote stands beside the ledger too, in tables that are read fast. It goes with their key, and only so.

-- Whoever rolls back in an emergency once more repeats who did it before, and why.
CREATE FUNCTION repeats_words(reason text, who text[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT EXISTS (SELECT FROM unnest(who) AS one WHERE position('(after ' || one || ': ' IN COALESCE(reason, '')) > 0)
$$;

-- What a split says of who wrote it, and why, without what that person can be known by.
CREATE FUNCTION without_words(live jsonb, who text[], id text, mark text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN live->>'actor' = ANY (who) THEN live || jsonb_build_object('actor', id, 'reason', mark)
    WHEN repeats_words(live->>'reason', who) THEN live || jsonb_build_object('reason', mark)
    ELSE live END
$$;

-- Whether it says more of them than their id.
CREATE FUNCTION has_words(live jsonb, who text[], mark text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(live->>'actor' = ANY (who) AND live->>'reason' <> mark, false) OR repeats_words(live->>'reason', who)
$$;

-- Words that were written once change by an erasure alone: its event is in the transaction that changes them.
CREATE FUNCTION words_go_by_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM ledger_event
    WHERE sequence = NEW.ledger_sequence AND transaction_id = pg_current_xact_id() AND type = 'governance.erased'
  ) THEN
    RAISE EXCEPTION 'words of % are evidence: only an erasure takes them away', TG_TABLE_NAME
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER words_are_kept AFTER UPDATE ON rollout
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (OLD.started_by IS DISTINCT FROM NEW.started_by OR (OLD.detail IS NOT NULL AND OLD.detail IS DISTINCT FROM NEW.detail))
  EXECUTE FUNCTION words_go_by_erasure();
CREATE CONSTRAINT TRIGGER words_are_kept AFTER UPDATE ON rollout_event
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION words_go_by_erasure();
CREATE CONSTRAINT TRIGGER words_are_kept AFTER UPDATE ON traffic_write
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (OLD.actor IS DISTINCT FROM NEW.actor OR OLD.reason IS DISTINCT FROM NEW.reason
    OR (OLD.observed IS NOT NULL AND OLD.observed IS DISTINCT FROM NEW.observed))
  EXECUTE FUNCTION words_go_by_erasure();
CREATE CONSTRAINT TRIGGER words_are_kept AFTER UPDATE ON incident
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION words_go_by_erasure();
CREATE CONSTRAINT TRIGGER words_are_kept AFTER UPDATE ON emergency_rollback
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION words_go_by_erasure();
