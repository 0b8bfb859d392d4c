-- Where there is an event of a type and key, another one is taken for its repetition, and is not written: who may take the key of something that is
-- still to be recorded keeps it out of the log. What is done once does the worker; admins put keys of checkpoints to use, and read the journal of
-- emergencies before an erasure.
CREATE FUNCTION key_is_taken_by_who_may() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  -- The role that the connection has become; this runs as the owner.
  who CONSTANT text := coalesce(nullif(current_setting('role'), 'none'), session_user);
BEGIN
  IF pg_has_role(who, (SELECT relowner FROM pg_class WHERE oid = 'ledger_event'::regclass), 'MEMBER') OR EXISTS (
    SELECT FROM pg_roles WHERE pg_has_role(who, oid, 'MEMBER') AND (
      rolname = 'mlops_worker'
      OR (rolname = 'mlops_admin' AND (NEW.type LIKE 'governance.checkpoint-key-%' OR NEW.type = 'traffic.emergency-unreadable')))
  ) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'role % may not take the key of an event of type %', who, NEW.type USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER key_is_taken BEFORE INSERT ON ledger_event FOR EACH ROW WHEN (NEW.idempotency_key IS NOT NULL)
  EXECUTE FUNCTION key_is_taken_by_who_may();
