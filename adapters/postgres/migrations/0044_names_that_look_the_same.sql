-- A person is a name, however its letters are written: `Ada` of a machine and the key of `ada` are one. As in 0042 but for that.

CREATE OR REPLACE FUNCTION person_decides_once() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  barred text;
BEGIN
  SELECT other.principal_id INTO barred
  FROM principal mine
  JOIN (SELECT principal_id, name FROM principal UNION ALL SELECT principal_id, name FROM imported_principal) other
    ON lower(btrim(other.name)) = lower(btrim(mine.name)) AND other.principal_id <> mine.principal_id
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
