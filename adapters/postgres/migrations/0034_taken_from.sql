-- Which version of another registry one was taken over from, and when that was made (docs/how-to/move-from-mlflow.md). It is known again by
-- that, and not by a tag, which people may change.
ALTER TABLE model_version ADD COLUMN taken_from text NOT NULL DEFAULT '';
-- The events of these rows are those of long ago, and this changes nothing that they say.
ALTER TABLE model_version DISABLE TRIGGER has_event;
UPDATE model_version SET taken_from = tags ->> 'mlops.imported-from' WHERE tags ? 'mlops.imported-from';
ALTER TABLE model_version ENABLE TRIGGER has_event;
-- A worker of the release before, which may run until it is replaced, does not name the column: then the tag says it.
ALTER TABLE model_version ALTER COLUMN taken_from DROP DEFAULT;
-- Of any length: an address is what somebody else gave.
CREATE INDEX model_version_by_taken_from ON model_version USING hash (taken_from) WHERE taken_from <> '';

-- Rows of exports that were written before there were these columns.
CREATE OR REPLACE FUNCTION fill_in_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.source := COALESCE(NEW.source, '');
  NEW.storage_location := COALESCE(NEW.storage_location, '');
  NEW.run_id := COALESCE(NEW.run_id, '');
  NEW.run_link := COALESCE(NEW.run_link, '');
  NEW.changed_at := COALESCE(NEW.changed_at, NEW.registered_at);
  NEW.taken_from := COALESCE(NEW.taken_from, NEW.tags ->> 'mlops.imported-from', '');
  RETURN NEW;
END $$;

-- What was said when a version was registered does not change, and what was deleted does not come back.
CREATE OR REPLACE FUNCTION registered_origin_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.source, NEW.storage_location, NEW.run_id, NEW.run_link, NEW.taken_from)
    IS DISTINCT FROM (OLD.source, OLD.storage_location, OLD.run_id, OLD.run_link, OLD.taken_from)
    OR (OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS DISTINCT FROM OLD.deleted_at) THEN
    RAISE EXCEPTION 'version % is registered: it does not change', OLD.version USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
