-- Who is known twice, by a key and as a user of a machine, is one person: he decides neither about his own, nor twice.

CREATE FUNCTION person_decides_once() RETURNS trigger LANGUAGE plpgsql
  SET search_path = public, pg_temp AS $$
DECLARE
  barred text;
BEGIN
  SELECT other.principal_id INTO barred
  FROM public.principal mine
  JOIN public.principal other ON other.name = mine.name AND other.principal_id <> mine.principal_id
  JOIN public.approval_request asked ON asked.approval_id = NEW.approval_id
  WHERE mine.principal_id IN (NEW.principal_id, coalesce(NEW.on_behalf_of, NEW.principal_id))
    AND (asked.excluded ? other.principal_id OR EXISTS (
      SELECT FROM public.approval_decision d
      WHERE d.approval_id = NEW.approval_id AND d.round = NEW.round
        AND other.principal_id IN (d.principal_id, coalesce(d.on_behalf_of, d.principal_id))))
  LIMIT 1;
  IF barred IS NOT NULL THEN
    RAISE EXCEPTION 'approval %: % may not decide, who is % as well', NEW.approval_id, NEW.principal_id, barred
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
-- After may_be_made, by name: that holds the request until the transaction ends.
CREATE TRIGGER person_decides_once BEFORE INSERT ON approval_decision FOR EACH ROW EXECUTE FUNCTION person_decides_once();
