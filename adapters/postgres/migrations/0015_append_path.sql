-- The one way to the end of the log (docs/adr/0029). Roles of processes may call it; none may write the log's tables by itself.

-- Which table of grants the roles of the database have.
CREATE TABLE database_grants (
  only_one   boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
  digest     text        NOT NULL,
  granted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Locks the end of the log until the transaction ends: that makes one appender at a time. No row when the log was never opened.
CREATE FUNCTION ledger_lock()
  RETURNS TABLE (origin text, size bigint, last_leaf text, peaks text[], recorded_at timestamptz)
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT h.origin, h.size, h.last_leaf, h.peaks, GREATEST(h.recorded_at, clock_timestamp()) FROM ledger_head h FOR UPDATE
$$;

-- Writes events at the end of the log, with what is stored beside them. Each must go on from the one before and be what its hash says:
-- who calls this can say something untrue, and cannot break the log.
CREATE FUNCTION ledger_append(batch json) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  head ledger_head%ROWTYPE;
  at CONSTANT timestamptz := (batch ->> 'recordedAt')::timestamptz;
  added bigint;
  is_right boolean;
  leaf text;
BEGIN
  SELECT * INTO head FROM ledger_head FOR UPDATE;
  WITH given AS MATERIALIZED (
    SELECT e.*, lag(e.leaf_hash) OVER (ORDER BY e.sequence) AS leaf_before, row_number() OVER (ORDER BY e.sequence) AS number
    FROM json_to_recordset(batch -> 'events') AS e(sequence bigint, type text, category text, actor text, resource text, risk text,
      frameworks text[], words text[], idempotency_key text, canonical text, leaf_hash text)
  ), inserted AS (
    INSERT INTO ledger_event
      (sequence, recorded_at, type, category, actor, resource, risk, frameworks, words, idempotency_key, canonical, leaf_hash)
    SELECT sequence, at, type, category, actor, resource, risk, frameworks, array_to_tsvector(words), idempotency_key, canonical,
      decode(leaf_hash, 'hex')
    FROM given
  )
  SELECT count(*), (array_agg(leaf_hash ORDER BY sequence DESC))[1], bool_and(
      sequence = head.size + number - 1
      AND leaf_hash = encode(sha256('\x00'::bytea || convert_to(canonical, 'UTF8')), 'hex')
      AND canonical::json ->> 'previous' = coalesce(leaf_before, head.last_leaf)
      AND (canonical::json ->> 'sequence')::bigint = sequence)
    INTO added, leaf, is_right FROM given;
  IF is_right IS NOT TRUE OR at IS NULL OR at < head.recorded_at THEN
    RAISE EXCEPTION 'events do not go on from the end of the log' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  INSERT INTO ledger_word (word, block)
    SELECT word, block FROM json_to_recordset(batch -> 'words') AS w(word text, block bigint) ON CONFLICT DO NOTHING;
  INSERT INTO ledger_payload (sequence, key_id, sealed)
    SELECT sequence, "keyId", decode(sealed, 'base64')
    FROM json_to_recordset(batch -> 'payloads') AS p(sequence bigint, "keyId" bigint, sealed text);
  INSERT INTO ledger_node (level, index, hash)
    SELECT level, index, decode(hash, 'hex') FROM json_to_recordset(batch -> 'nodes') AS n(level smallint, index bigint, hash text);
  UPDATE ledger_head SET size = head.size + added, last_leaf = leaf, recorded_at = at,
    peaks = ARRAY(SELECT json_array_elements_text(batch -> 'peaks'));
END $$;

REVOKE ALL ON FUNCTION ledger_lock(), ledger_append(json) FROM PUBLIC;
