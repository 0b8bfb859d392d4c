-- Versions of another registry that could not be taken over, and what keeps them: tried again until it is gone (docs/how-to/move-from-mlflow.md).
CREATE TABLE registry_conflict (
  url             text        NOT NULL CHECK (url <> ''),
  -- As it is called there.
  model           text        NOT NULL,
  ordinal         bigint      NOT NULL,
  -- When it was made there: a number is given out anew when its model was deleted and made again.
  made_at         timestamptz NOT NULL,
  kind            text        NOT NULL CHECK (kind IN ('number', 'name', 'tag', 'source', 'refused')),
  problem         text        NOT NULL,
  found_at        timestamptz NOT NULL,
  tried_at        timestamptz NOT NULL,
  -- It was taken over, or is no longer there; null: it waits.
  ended_at        timestamptz,
  ledger_sequence bigint      NOT NULL,
  PRIMARY KEY (url, model, ordinal, made_at)
);
CREATE INDEX registry_conflict_open ON registry_conflict (url, tried_at) WHERE ended_at IS NULL;
-- That it was tried again is no change.
CREATE CONSTRAINT TRIGGER has_event
  AFTER INSERT OR UPDATE OF url, model, ordinal, made_at, kind, problem, found_at, ended_at, ledger_sequence ON registry_conflict
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION change_needs_its_event('model.not-taken-over', 'model.conflict-ended');
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON registry_conflict FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
