-- Who rotates their own key has the worker carry it out, which verifies what they signed by the key before (docs/adr/0029). Its events have a
-- type of their own, so that its role may append them and no other of identities.

DROP TRIGGER has_event ON principal_key;
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT ON principal_key DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION change_needs_its_event(
    'identity.created', 'identity.key-replaced', 'identity.own-key-replaced', 'identity.bootstrapped');
DROP TRIGGER ends_by_event ON principal_key;
CREATE CONSTRAINT TRIGGER ends_by_event AFTER UPDATE ON principal_key DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION change_needs_its_event('identity.key-replaced', 'identity.own-key-replaced', 'identity.revoked');

-- PostgreSQL verifies no signature. What it can see: the keys are those of who acted, one comes for what was in force, and nobody gets a key
-- by this who had none.
CREATE FUNCTION own_key_for_own_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM public.ledger_event WHERE sequence = NEW.ledger_sequence AND type = 'identity.own-key-replaced'
  ) THEN
    RETURN NULL;
  END IF;
  IF EXISTS (
    SELECT FROM public.ledger_event WHERE sequence = NEW.ledger_sequence AND (actor, resource) = (NEW.principal_id, NEW.principal_id)
  ) AND (
    (TG_OP = 'INSERT' AND NEW.revoked_at IS NULL)
    -- Not one that this very change has put in.
    OR (TG_OP = 'UPDATE' AND NEW.revoked_at IS NOT NULL AND OLD.ledger_sequence < NEW.ledger_sequence)
  ) AND EXISTS (
    SELECT FROM public.principal_key
    WHERE principal_id = NEW.principal_id AND ledger_sequence = NEW.ledger_sequence AND revoked_at IS NOT NULL
  ) AND (
    SELECT array_agg(ledger_sequence) FROM public.principal_key WHERE principal_id = NEW.principal_id AND revoked_at IS NULL
  ) = ARRAY[NEW.ledger_sequence] THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'a key of % is not one for one of their own', NEW.principal_id USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE CONSTRAINT TRIGGER is_own AFTER INSERT OR UPDATE ON principal_key DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION own_key_for_own_key();

-- People are told of the end of an alarm too, once; of what ended before this was so they are not.
DROP TRIGGER has_event ON access_alarm_mark;
ALTER TABLE access_alarm_mark ADD COLUMN told_at timestamptz;
UPDATE access_alarm_mark SET told_at = marked_at WHERE mark = 'ended';
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE OF alarm, mark, principal_id, marked_at, ledger_sequence ON access_alarm_mark
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event('access.alarm-ended', 'access.alarm-acknowledged');
CREATE INDEX access_alarm_mark_untold ON access_alarm_mark (ledger_sequence) WHERE told_at IS NULL AND mark = 'ended';

-- Everybody may say that they have read a rollout: that changes nothing, as little as a refusal does, whatever else events of rollouts are the reason of.
CREATE OR REPLACE FUNCTION change_needs_its_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  said CONSTANT text := (
    SELECT type FROM public.ledger_event WHERE sequence = NEW.ledger_sequence AND transaction_id = pg_current_xact_id());
BEGIN
  IF said IS NULL THEN
    RAISE EXCEPTION '% of % has no event of its own in the ledger', TG_OP, TG_TABLE_NAME
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF said LIKE '%.read' OR NOT EXISTS (
    SELECT FROM unnest(TG_ARGV) AS pattern
    WHERE said LIKE pattern AND (said NOT LIKE '%-refused' OR pattern LIKE '%-refused')
  ) THEN
    RAISE EXCEPTION '% of % is not what an event of type % is of', TG_OP, TG_TABLE_NAME, said
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
