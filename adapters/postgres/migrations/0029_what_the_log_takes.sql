-- What any role may append can be verified by everybody, and stops nobody else from appending (docs/adr/0029).

-- A number of 2^53 and more as ECMAScript prints it: the shortest text that reads as the number, which may lie exactly midway between two of them.
-- PostgreSQL prints none of those. Where there is one, it is what PostgreSQL prints, cut by a digit or more, up or down: else that were shorter.
CREATE FUNCTION canonical_large(number float8) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  printed CONSTANT numeric := abs(number)::text::numeric;
  step CONSTANT numeric := ('1e' || length(printed::text) - length(rtrim(printed::text, '0')) + 1)::numeric;
  below CONSTANT numeric := div(printed, step) * step;
  whole text := printed;
BEGIN
  IF below::float8 = abs(number) THEN
    whole := below;
  -- What is more than the largest number reads as none.
  ELSIF below + step <= 1.7976931348623157e308 AND (below + step)::float8 = abs(number) THEN
    whole := below + step;
  END IF;
  IF abs(number) >= 1e21 THEN
    whole := regexp_replace(rtrim(whole, '0'), '^(.)(.+)', '\1.\2') || 'e+' || length(whole) - 1;
  END IF;
  RETURN CASE WHEN number < 0 THEN '-' ELSE '' END || whole;
END $$;

-- A number as ECMAScript prints it (RFC 8785).
CREATE FUNCTION canonical_number(number float8) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN number = 0 THEN '0'
    WHEN abs(number) >= 9007199254740992 THEN canonical_large(number)
    WHEN abs(number) >= 1e-6 THEN trim_scale(number::text::numeric)::text
    ELSE regexp_replace(number::text, 'e([+-])0*', 'e\1') END
$$;

-- The canonical text of an object or array (RFC 8785). Members are sorted by UTF-16 code units: what is beyond U+FFFF comes before U+E000.
CREATE FUNCTION canonical_json(given jsonb, depth integer) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
DECLARE
  is_object CONSTANT boolean := jsonb_typeof(given) = 'object';
  inside text;
BEGIN
  IF depth >= 64 THEN
    RAISE EXCEPTION 'nesting is deeper than 64' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  SELECT string_agg(CASE WHEN is_object THEN to_json(key)::text || ':' ELSE '' END || CASE jsonb_typeof(value)
      WHEN 'object' THEN canonical_json(value, depth + 1)
      WHEN 'array' THEN canonical_json(value, depth + 1)
      WHEN 'number' THEN canonical_number((value #>> '{}')::float8)
      ELSE value::text END, ','
      ORDER BY place, regexp_replace(key, '([\uE000-\uFFFF])', E'\U0010FFFF\\1', 'g') COLLATE "C") INTO inside
    FROM (
      SELECT 0 AS place, key, value FROM jsonb_each(CASE WHEN is_object THEN given END)
      UNION ALL
      SELECT place, NULL, value FROM jsonb_array_elements(CASE WHEN NOT is_object THEN given END) WITH ORDINALITY AS e(value, place)
    ) AS members;
  RETURN CASE WHEN is_object THEN '{' || coalesce(inside, '') || '}' ELSE '[' || coalesce(inside, '') || ']' END;
END $$;

-- Whether texts of objects are canonical. Most are flat and have whole numbers only, of which one order of all members is enough to be seen.
CREATE FUNCTION are_canonical(texts text[]) RETURNS boolean LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  WITH given AS MATERIALIZED (
    SELECT text, number,
      text ~ '^\{(?:,?"(?:[^"\\\x01-\x1f\uE000-\U0010FFFF]|\\["\\])*":(?:"(?:[^"\\\x01-\x1f\uE000-\U0010FFFF]|\\["\\])*"|true|false|null|-?[1-9][0-9]{0,14}|0))*\}$' AS is_plain
    FROM unnest(texts) WITH ORDINALITY AS t(text, number)
  )
  SELECT NOT EXISTS (
    SELECT FROM (
      SELECT key COLLATE "C" AS key, lag(key) OVER (PARTITION BY number ORDER BY place) AS before
      FROM given, json_object_keys(CASE WHEN is_plain THEN text::json END) WITH ORDINALITY AS k(key, place)
    ) AS keys WHERE key <= before
  ) AND NOT EXISTS (
    SELECT FROM given WHERE NOT is_plain AND (json_typeof(text::json) <> 'object' OR text LIKE E'%\U0010FFFF%' OR text <> canonical_json(text::jsonb, 1))
  )
$$;

-- As in 0028, but: the canonical text of an event is the one that its columns give, of its place in this log; the tree is computed here, so that nothing
-- that is given of it is believed; and payloads are those that the events commit to.
CREATE OR REPLACE FUNCTION ledger_append(batch json) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp SET extra_float_digits = 1 AS $$
DECLARE
  head ledger_head%ROWTYPE;
  given_at text;
  given_events json;
  given_payloads json;
  at timestamptz;
  -- The role that the connection has become; this function runs as the owner.
  who CONSTANT text := coalesce(nullif(current_setting('role'), 'none'), session_user);
  added bigint;
  is_right boolean;
  leaf text;
  types text[];
  foreign_type text;
  facts text[];
  committed bigint[];
  -- Hashes of one height that are new in the tree, side by side; at first leaves.
  run bytea;
  height integer := 0;
  -- Peaks that stay, and those that are new.
  kept text[];
  grown text[] := '{}';
BEGIN
  SELECT * INTO head FROM ledger_head FOR UPDATE;
  SELECT b."recordedAt", b.events, b.payloads INTO given_at, given_events, given_payloads
    FROM json_to_record(batch) AS b("recordedAt" text, events json, payloads json);
  at := given_at::timestamptz;
  WITH given AS MATERIALIZED (
    SELECT e.*, lag(e.leaf_hash) OVER (ORDER BY e.sequence) AS leaf_before, row_number() OVER (ORDER BY e.sequence) AS number
    FROM json_to_recordset(given_events) AS e(sequence bigint, type text, category text, actor text, resource text, risk text,
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
  SELECT count(*), (array_agg(given.leaf_hash ORDER BY number DESC))[1], array_agg(DISTINCT given.type),
      string_agg(decode(given.leaf_hash, 'hex'), '' ORDER BY number),
      array_agg(given.sequence ORDER BY number) FILTER (WHERE said.commitment IS NOT NULL),
      array_agg(said.facts::text) FILTER (WHERE said.facts IS NOT NULL),
      bool_and(
        given.sequence = head.size + number - 1
        AND octet_length(canonical) <= 65535
        AND leaf_hash = encode(sha256('\x00'::bytea || convert_to(canonical, 'UTF8')), 'hex')
        AND coalesce(said.commitment ~ '^[0-9a-f]{64}$', true)
        -- What assembleEvent of the program makes of them.
        AND canonical = concat('{"actor":{"authentication":', to_json(doer.authentication), ',"id":', to_json(given.actor),
          ',"kind":', to_json(doer.kind), '},"category":', to_json(given.category),
          ',"commitment":"' || said.commitment || '"',
          ',"facts":' || said.facts::text,
          ',"format":"durable-mlops/event@1"',
          CASE WHEN given.frameworks <> '{}' OR said.frameworks IS NOT NULL THEN ',"frameworks":' || array_to_json(given.frameworks)::text END,
          ',"happenedAt":' || to_json(said."happenedAt")::text,
          CASE WHEN said.late THEN ',"late":true' END,
          ',"log":', to_json(head.origin),
          ',"previous":"', coalesce(leaf_before, head.last_leaf), '","recordedAt":"', given_at, '"',
          ',"requestId":' || to_json(said."requestId")::text,
          ',"resource":', to_json(given.resource), ',"risk":', to_json(given.risk), ',"schema":1,"sequence":', given.sequence,
          ',"source":' || to_json(said.source)::text,
          ',"type":', to_json(given.type), '}'))
    INTO added, leaf, types, run, committed, facts, is_right
    FROM given
    CROSS JOIN LATERAL json_to_record(given.canonical::json) AS said(actor json, commitment text, facts json, frameworks json,
      "happenedAt" text, late boolean, "requestId" text, source text)
    CROSS JOIN LATERAL json_to_record(said.actor) AS doer(authentication text, kind text);
  IF is_right IS NOT TRUE OR at IS NULL OR at < head.recorded_at
    OR given_at <> to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    -- Nobody could append an earlier time any more. A clock that is put right goes back by less.
    OR at > greatest(head.recorded_at, clock_timestamp() + interval '1 minute')
    OR NOT are_canonical(facts) THEN
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

  IF committed IS DISTINCT FROM (
    SELECT array_agg(sequence ORDER BY sequence) FROM json_to_recordset(given_payloads) AS p(sequence bigint)
  ) THEN
    RAISE EXCEPTION 'payloads are not those that the events commit to' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  INSERT INTO ledger_payload (sequence, key_id, sealed)
    SELECT sequence, "keyId", decode(sealed, 'base64')
    FROM json_to_recordset(given_payloads) AS p(sequence bigint, "keyId" bigint, sealed text);

  -- The tree grows from its edge (RFC 6962), height by height.
  kept := head.peaks;
  WHILE length(run) > 0 LOOP
    IF height > 0 AND height % 8 = 0 THEN
      INSERT INTO ledger_node (level, index, hash)
        SELECT height / 8, (head.size >> height) + place, substr(run, 32 * place + 1, 32)
        FROM generate_series(0, length(run) / 32 - 1) AS place;
    END IF;
    -- The last peak that was there is of this height: the first of the run is its sibling.
    IF (head.size >> height) % 2 = 1 THEN
      run := decode(kept[cardinality(kept)], 'hex') || run;
      kept := trim_array(kept, 1);
    END IF;
    IF length(run) / 32 % 2 = 1 THEN
      grown := encode(substr(run, length(run) - 31), 'hex') || grown;
    END IF;
    SELECT string_agg(sha256('\x01'::bytea || substr(run, 64 * place + 1, 64)), '' ORDER BY place) INTO run
      FROM generate_series(0, length(run) / 64 - 1) AS place;
    height := height + 1;
  END LOOP;
  UPDATE ledger_head SET size = head.size + added, last_leaf = leaf, recorded_at = at, peaks = kept || grown;
END $$;

-- Keeps a signed checkpoint. PostgreSQL verifies no signature: who may call this could keep what nobody has signed, and only the worker signs.
CREATE FUNCTION ledger_keep_checkpoint(signed bigint, note text, peaks text[]) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  head ledger_head%ROWTYPE;
BEGIN
  SELECT * INTO head FROM ledger_head;
  IF signed <= coalesce((SELECT max(size) FROM ledger_checkpoint), -1) OR signed > head.size
    OR NOT starts_with(note, head.origin || E'\n' || signed || E'\n') OR note IS NULL THEN
    RAISE EXCEPTION 'checkpoint does not go on from the last one' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  INSERT INTO ledger_checkpoint (size, note, peaks) VALUES (signed, note, peaks);
END $$;
REVOKE ALL ON FUNCTION ledger_keep_checkpoint(bigint, text, text[]) FROM PUBLIC;

-- A key of payloads is destroyed by an erasure, and wrapped anew by a rotation that said so before: under another name a wrapped key that nobody
-- can open is as good as destroyed.
CREATE FUNCTION key_is_wrapped_by_rotation() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.wrapping_key = OLD.wrapping_key OR NOT EXISTS (
    SELECT FROM ledger_event WHERE type = 'governance.keys-rotated' AND canonical::json -> 'facts' ->> 'key' = NEW.wrapping_key
  ) THEN
    RAISE EXCEPTION 'key % of % is wrapped anew by no rotation', OLD.key_id, OLD.subject USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER wrapped_by_rotation BEFORE UPDATE ON ledger_key FOR EACH ROW
  WHEN (NEW.wrapping_key <> OLD.wrapping_key OR NEW.wrapped <> OLD.wrapped)
  EXECUTE FUNCTION key_is_wrapped_by_rotation();

-- A key for something that is done once is one of its type: who may append no such event cannot take it.
DROP INDEX ledger_event_once;
CREATE UNIQUE INDEX ledger_event_once ON ledger_event (idempotency_key, type) WHERE idempotency_key IS NOT NULL;

-- Types that begin so are found by an index in a database of any language.
DROP INDEX ledger_event_by_type;
CREATE INDEX ledger_event_by_type ON ledger_event (type text_pattern_ops, sequence);
