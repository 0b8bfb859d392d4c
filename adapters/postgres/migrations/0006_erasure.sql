-- Erasing a subject destroys its key, for good; a legal hold forbids it.

-- Evidence about this subject must be kept: a person, or a thing and all that lies below it.
CREATE TABLE legal_hold (
  hold_id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subject         text        NOT NULL CHECK (subject <> ''),
  placed_at       timestamptz NOT NULL DEFAULT now(),
  released_at     timestamptz,
  ledger_sequence bigint      NOT NULL
);
CREATE UNIQUE INDEX legal_hold_in_force ON legal_hold (subject) WHERE released_at IS NULL;
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE ON legal_hold
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON legal_hold FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();

-- The hold that forbids the erasure of a subject: its own, one of a thing above it, or one of a thing that its payloads are about.
CREATE FUNCTION hold_over(erased text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT subject FROM legal_hold
  WHERE released_at IS NULL AND (
    subject = erased OR starts_with(erased, subject || '/') OR EXISTS (
      SELECT FROM ledger_key k
      JOIN ledger_payload p ON p.key_id = k.key_id
      JOIN ledger_event e ON e.sequence = p.sequence
      WHERE k.subject = erased AND k.destroyed_at IS NULL
        AND (e.resource = legal_hold.subject OR starts_with(e.resource, legal_hold.subject || '/'))
    )
  )
  ORDER BY hold_id LIMIT 1
$$;

ALTER TABLE ledger_key ADD COLUMN ledger_sequence bigint;
CREATE FUNCTION key_is_destroyed_for_good() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.destroyed_at IS NOT NULL THEN
    RAISE EXCEPTION 'key % of % was destroyed', OLD.key_id, OLD.subject USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.destroyed_at IS NOT NULL AND hold_over(OLD.subject) IS NOT NULL THEN
    RAISE EXCEPTION 'subject % is under the legal hold of %', OLD.subject, hold_over(OLD.subject)
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER destroyed_for_good BEFORE UPDATE ON ledger_key FOR EACH ROW EXECUTE FUNCTION key_is_destroyed_for_good();
CREATE CONSTRAINT TRIGGER has_event AFTER UPDATE OF destroyed_at ON ledger_key
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.destroyed_at IS NOT NULL) EXECUTE FUNCTION change_needs_its_event();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON ledger_key FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_payload FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();

-- What a principal id means is taken away with its key.
ALTER TABLE principal ADD COLUMN ledger_sequence bigint;
CREATE FUNCTION held_name_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF hold_over(OLD.principal_id) IS NOT NULL THEN
    RAISE EXCEPTION 'principal % is under the legal hold of %', OLD.principal_id, hold_over(OLD.principal_id)
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER held_name BEFORE UPDATE OF name ON principal FOR EACH ROW EXECUTE FUNCTION held_name_is_kept();
CREATE CONSTRAINT TRIGGER has_event AFTER UPDATE OF name ON principal
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON principal FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
