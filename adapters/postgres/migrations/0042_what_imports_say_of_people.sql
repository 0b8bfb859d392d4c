-- What an import says of people and of their approvals, beside the tables by which anybody is let in and anything is allowed (docs/adr/0022).

-- Whom ids of another installation mean. They have no roles and no keys, sign in by nothing, and are never asked for who is meant by a name.
CREATE TABLE imported_principal (
  principal_id    text   PRIMARY KEY CHECK (principal_id <> ''),
  kind            text   NOT NULL CHECK (kind IN ('human', 'service', 'workflow', 'system')),
  provider        text   NOT NULL,
  -- Null: erased, there or here.
  name            text,
  ledger_sequence bigint NOT NULL
);
CREATE INDEX imported_principal_by_name ON imported_principal (name) WHERE name IS NOT NULL;
CREATE FUNCTION imported_name_only_goes() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF (NEW.principal_id, NEW.kind, NEW.provider) IS DISTINCT FROM (OLD.principal_id, OLD.kind, OLD.provider) OR NEW.name IS NOT NULL THEN
    RAISE EXCEPTION 'principal % was imported: its name is erased, and nothing else of it changes', OLD.principal_id
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER only_goes BEFORE UPDATE ON imported_principal FOR EACH ROW EXECUTE FUNCTION imported_name_only_goes();
CREATE TRIGGER held_name BEFORE UPDATE OF name ON imported_principal FOR EACH ROW EXECUTE FUNCTION held_name_is_kept();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON imported_principal FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT ON imported_principal DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION change_needs_its_event('model.imported');
CREATE CONSTRAINT TRIGGER ends_by_event AFTER UPDATE ON imported_principal DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION change_needs_its_event('governance.erased');

-- What was asked and decided there. It can be shown; nothing is ever allowed by it, for nothing that allows looks here.
CREATE TABLE imported_approval (
  LIKE approval_request INCLUDING CONSTRAINTS,
  PRIMARY KEY (approval_id),
  -- It was used for a change that came with it.
  CHECK (state = 'carried-out')
);
CREATE TABLE imported_decision (
  LIKE approval_decision INCLUDING CONSTRAINTS,
  PRIMARY KEY (approval_id, round, principal_id),
  FOREIGN KEY (approval_id) REFERENCES imported_approval (approval_id)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON imported_approval
  FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON imported_decision
  FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT ON imported_approval DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION change_needs_its_event('model.imported');
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT ON imported_decision DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION change_needs_its_event('model.imported');

-- Who wrote a version under an id of another installation decides about it under none that has the name here. As in 0024 but for these.
CREATE OR REPLACE FUNCTION person_decides_once() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  barred text;
BEGIN
  SELECT other.principal_id INTO barred
  FROM principal mine
  JOIN (SELECT principal_id, name FROM principal UNION ALL SELECT principal_id, name FROM imported_principal) other
    ON other.name = mine.name AND other.principal_id <> mine.principal_id
  JOIN approval_request asked ON asked.approval_id = NEW.approval_id
  WHERE mine.principal_id IN (NEW.principal_id, coalesce(NEW.on_behalf_of, NEW.principal_id))
    AND (asked.excluded ? other.principal_id OR EXISTS (
      SELECT FROM approval_decision d
      WHERE d.approval_id = NEW.approval_id AND d.round = NEW.round
        AND other.principal_id IN (d.principal_id, coalesce(d.on_behalf_of, d.principal_id))))
  LIMIT 1;
  IF barred IS NOT NULL THEN
    RAISE EXCEPTION 'approval %: % may not decide, who is % as well', NEW.approval_id, NEW.principal_id, barred
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
