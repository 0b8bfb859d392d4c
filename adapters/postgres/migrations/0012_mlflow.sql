-- What the MLflow protocol knows of models and versions (docs/adr/0026).

-- A model that was deleted is kept as evidence; its name is free for another, which is a new identity.
ALTER TABLE model
  ADD COLUMN description text NOT NULL DEFAULT '',
  ADD COLUMN tags jsonb NOT NULL DEFAULT '{}',
  -- A principal id; null for who came before this was known.
  ADD COLUMN author text,
  ADD COLUMN retired_at timestamptz;
ALTER TABLE model DROP CONSTRAINT model_name_key;
CREATE UNIQUE INDEX model_in_use ON model (name) WHERE retired_at IS NULL;
CREATE INDEX model_by_name ON model (name COLLATE "C") WHERE retired_at IS NULL;
CREATE INDEX model_by_change ON model (changed_at DESC) WHERE retired_at IS NULL;
CREATE INDEX model_by_tag ON model USING gin (tags jsonb_path_ops) WHERE retired_at IS NULL;

ALTER TABLE model_version DROP CONSTRAINT model_version_type_check;
ALTER TABLE model_version ADD CONSTRAINT model_version_type_check
  CHECK (type IN ('embedding', 'retriever', 'reranker', 'generator', 'pipeline', 'external'));
ALTER TABLE model_version
  -- Where its content lies by the word of who registered it; '' when nothing was said.
  ADD COLUMN source text NOT NULL DEFAULT '',
  -- What `source` comes to in the end, when that is a version of another model.
  ADD COLUMN storage_location text NOT NULL DEFAULT '',
  ADD COLUMN run_id text NOT NULL DEFAULT '',
  ADD COLUMN run_link text NOT NULL DEFAULT '',
  ADD COLUMN changed_at timestamptz,
  -- Hidden from the protocol since; always retired as well.
  ADD COLUMN deleted_at timestamptz;
-- The events of these rows are those of long ago, and this changes nothing that they say.
ALTER TABLE model_version DISABLE TRIGGER has_event;
UPDATE model_version v SET changed_at = GREATEST(
  v.registered_at, v.retired_at, (SELECT max(at) FROM stage_change c WHERE c.version_id = v.version_id));
ALTER TABLE model_version ENABLE TRIGGER has_event;
ALTER TABLE model_version ALTER COLUMN changed_at SET NOT NULL;
ALTER TABLE model_version ADD CHECK (deleted_at IS NULL OR retired_at IS NOT NULL);
CREATE INDEX model_version_by_change ON model_version (changed_at DESC) WHERE deleted_at IS NULL;
CREATE INDEX model_version_of_model_by_change ON model_version (model_id, changed_at DESC) WHERE deleted_at IS NULL;
CREATE INDEX model_version_archived ON model_version (model_id, ordinal DESC) WHERE retired_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX model_version_by_run ON model_version (run_id) WHERE run_id <> '';
CREATE INDEX model_version_by_source ON model_version (source) WHERE source <> '';
CREATE INDEX model_version_by_tag ON model_version USING gin (tags jsonb_path_ops);

-- Rows of exports that were written before there were these columns.
CREATE FUNCTION fill_in_model() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.description := COALESCE(NEW.description, '');
  NEW.tags := COALESCE(NEW.tags, '{}');
  RETURN NEW;
END $$;
CREATE TRIGGER filled_in BEFORE INSERT ON model FOR EACH ROW EXECUTE FUNCTION fill_in_model();
CREATE FUNCTION fill_in_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.source := COALESCE(NEW.source, '');
  NEW.storage_location := COALESCE(NEW.storage_location, '');
  NEW.run_id := COALESCE(NEW.run_id, '');
  NEW.run_link := COALESCE(NEW.run_link, '');
  NEW.changed_at := COALESCE(NEW.changed_at, NEW.registered_at);
  RETURN NEW;
END $$;
CREATE TRIGGER filled_in BEFORE INSERT ON model_version FOR EACH ROW EXECUTE FUNCTION fill_in_version();

-- What was said when a version was registered does not change, and what was deleted does not come back.
CREATE FUNCTION registered_origin_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.source, NEW.storage_location, NEW.run_id, NEW.run_link)
    IS DISTINCT FROM (OLD.source, OLD.storage_location, OLD.run_id, OLD.run_link)
    OR (OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS DISTINCT FROM OLD.deleted_at) THEN
    RAISE EXCEPTION 'version % is registered: it does not change', OLD.version USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER has_its_origin BEFORE UPDATE ON model_version FOR EACH ROW EXECUTE FUNCTION registered_origin_is_kept();
CREATE FUNCTION deleted_model_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'model % was deleted', OLD.name USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER is_deleted BEFORE UPDATE ON model FOR EACH ROW WHEN (OLD.retired_at IS NOT NULL)
  EXECUTE FUNCTION deleted_model_is_kept();

-- Up to where another registry was read; what changed there since is read next.
CREATE TABLE registry_source (
  url             text        PRIMARY KEY CHECK (url <> ''),
  read_until      timestamptz NOT NULL,
  ledger_sequence bigint      NOT NULL
);
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE ON registry_source
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON registry_source FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
