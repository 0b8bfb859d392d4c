-- Whether the words that an event is found by have its type and what its resource is made of. Of what is plain and short alone: what a letter of
-- another alphabet is in lower case, programs and databases do not agree on.
CREATE FUNCTION has_names(words tsvector, type text, resource text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT tsvector_to_array(words) @> (
    CASE WHEN length(type) <= 100 AND type ~ '^[a-zA-Z0-9._-]+$' THEN ARRAY[lower(type COLLATE "C")] ELSE '{}' END
    || CASE WHEN length(resource) <= 100 AND resource ~ '^[a-zA-Z0-9._-]+(?:/[a-zA-Z0-9._-]+)*$' THEN string_to_array(lower(resource COLLATE "C"), '/') ELSE '{}' END)
$$;

-- Words are compared when all events are read: who leaves them out when they append would make every such export fail.
CREATE FUNCTION event_is_found_by_its_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'event % is not found by the words of its type and resource', NEW.sequence USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER found_by_its_names BEFORE INSERT ON ledger_event FOR EACH ROW
  WHEN (NOT has_names(NEW.words, NEW.type, NEW.resource)) EXECUTE FUNCTION event_is_found_by_its_names();
