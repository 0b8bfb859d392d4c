-- Blocks of 16 events instead of 256: a page of a word that every 200th event has is read out of a few rows beside its own. The database itself
-- says which blocks an event is in, so that a program of before cannot place it where nobody looks.
ALTER TABLE ledger_word DISABLE TRIGGER append_only;
TRUNCATE ledger_word;
INSERT INTO ledger_word (word, block)
  SELECT DISTINCT word, sequence / 16 FROM ledger_event CROSS JOIN LATERAL (
    SELECT unnest(tsvector_to_array(words)) UNION ALL SELECT 'framework:' || unnest(frameworks)
  ) AS t(word);
ALTER TABLE ledger_word ENABLE TRIGGER append_only;

-- As in 0022, but for the words.
CREATE OR REPLACE FUNCTION ledger_append(batch json) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  head ledger_head%ROWTYPE;
  at CONSTANT timestamptz := (batch ->> 'recordedAt')::timestamptz;
  -- The role that the connection has become; this function runs as the owner.
  who CONSTANT text := coalesce(nullif(current_setting('role'), 'none'), session_user);
  added bigint;
  is_right boolean;
  leaf text;
  types text[];
  foreign_type text;
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
  ), placed AS (
    INSERT INTO ledger_word (word, block)
    SELECT DISTINCT word, sequence / 16
    FROM given CROSS JOIN LATERAL (SELECT unnest(words) UNION ALL SELECT 'framework:' || unnest(frameworks)) AS w(word)
    ON CONFLICT DO NOTHING
  )
  SELECT count(*), (array_agg(given.leaf_hash ORDER BY given.sequence DESC))[1], array_agg(DISTINCT given.type), bool_and(
      given.sequence = head.size + number - 1
      AND leaf_hash = encode(sha256('\x00'::bytea || convert_to(canonical, 'UTF8')), 'hex')
      AND said.previous = coalesce(leaf_before, head.last_leaf)
      AND said.sequence = given.sequence
      AND said.type = given.type AND said.category = given.category AND said.resource = given.resource AND said.risk = given.risk
      AND said.actor ->> 'id' = given.actor)
    INTO added, leaf, types, is_right
    FROM given CROSS JOIN LATERAL json_to_record(given.canonical::json)
      AS said(sequence bigint, previous text, type text, category text, resource text, risk text, actor json);
  IF is_right IS NOT TRUE OR at IS NULL OR at < head.recorded_at THEN
    RAISE EXCEPTION 'events do not go on from the end of the log' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NOT pg_has_role(who, (SELECT relowner FROM pg_class WHERE oid = 'ledger_event'::regclass), 'MEMBER') THEN
    SELECT given INTO foreign_type FROM unnest(types) AS given WHERE NOT EXISTS (
      SELECT FROM event_grant g JOIN pg_roles r ON r.rolname = g.role
      WHERE given LIKE g.pattern AND pg_has_role(who, r.oid, 'MEMBER'));
    IF FOUND THEN
      RAISE EXCEPTION 'role % may not append events of type %', who, foreign_type USING ERRCODE = 'insufficient_privilege';
    END IF;
  END IF;
  INSERT INTO ledger_payload (sequence, key_id, sealed)
    SELECT sequence, "keyId", decode(sealed, 'base64')
    FROM json_to_recordset(batch -> 'payloads') AS p(sequence bigint, "keyId" bigint, sealed text);
  INSERT INTO ledger_node (level, index, hash)
    SELECT level, index, decode(hash, 'hex') FROM json_to_recordset(batch -> 'nodes') AS n(level smallint, index bigint, hash text);
  UPDATE ledger_head SET size = head.size + added, last_leaf = leaf, recorded_at = at,
    peaks = ARRAY(SELECT json_array_elements_text(batch -> 'peaks'));
END $$;
