-- Where a version answers in an environment; null: nowhere any more. Rollouts go there and nowhere else (docs/adr/0022).
CREATE TABLE version_endpoint (
  version_id      bigint      NOT NULL REFERENCES model_version (version_id),
  environment     text        NOT NULL CHECK (environment <> ''),
  endpoint        text        CHECK (endpoint <> ''),
  changed_at      timestamptz NOT NULL,
  ledger_sequence bigint      NOT NULL,
  PRIMARY KEY (version_id, environment)
);
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE ON version_endpoint
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON version_endpoint FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
