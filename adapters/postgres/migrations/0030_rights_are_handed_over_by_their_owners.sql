-- Links and delegations are written by the worker, which verifies what the owner of the right has signed (docs/adr/0029). Each is of one
-- environment; one that names none was written before, by whoever had a login of commands: it counts for nothing, and is given again.
ALTER TABLE approval_delegation
  ADD COLUMN environment text CHECK (environment <> ''),
  -- The orders that gave it and took it back: an order that is sent again does nothing more.
  ADD COLUMN order_id text UNIQUE,
  ADD COLUMN revoking_order text;

ALTER TABLE approval_link
  ADD COLUMN environment text CHECK (environment <> '');

-- A program of an earlier version, with a login that still may, is told at once, and writes none that would count for nothing. Nor is one of before used up.
ALTER TABLE approval_delegation ADD CONSTRAINT names_its_environment CHECK (environment IS NOT NULL) NOT VALID;
ALTER TABLE approval_link ADD CONSTRAINT names_its_environment CHECK (environment IS NOT NULL) NOT VALID;

-- A right that was given is taken back, a link is used: nothing else of them changes.
CREATE OR REPLACE FUNCTION only_ends_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ending CONSTANT text[] := ARRAY['revoked_at', 'revoking_order', 'used_at', 'ledger_sequence'];
BEGIN
  IF (to_jsonb(OLD) - ending) IS DISTINCT FROM (to_jsonb(NEW) - ending)
     OR coalesce(to_jsonb(OLD) ->> 'revoked_at', to_jsonb(OLD) ->> 'used_at') IS NOT NULL THEN
    RAISE EXCEPTION '% of % is refused: it only ends, once', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
