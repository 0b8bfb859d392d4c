-- The evidence ledger: an append-only Merkle log (docs/reference/ledger-format.md).

-- Where the log ends. Who appends locks this row first: that makes one appender at a time, and one global order.
CREATE TABLE ledger_head (
  only_one    boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
  origin      text        NOT NULL,
  size        bigint      NOT NULL CHECK (size >= 0),
  last_leaf   text        NOT NULL,
  -- Never goes back, whatever the clocks of machines do.
  recorded_at timestamptz NOT NULL,
  -- Roots of the complete subtrees, largest first: enough to go on from.
  peaks       text[]      NOT NULL
);

-- One row per event. `canonical` is what is hashed; the other columns repeat parts of it, to be searched by.
CREATE TABLE ledger_event (
  sequence        bigint      PRIMARY KEY,
  recorded_at     timestamptz NOT NULL,
  type            text        NOT NULL,
  category        text        NOT NULL,
  actor           text        NOT NULL,
  resource        text        NOT NULL,
  risk            text        NOT NULL,
  frameworks      text[]      NOT NULL,
  words           tsvector    NOT NULL,
  idempotency_key text,
  canonical       text        NOT NULL,
  leaf_hash       bytea       NOT NULL CHECK (length(leaf_hash) = 32),
  -- The transaction that wrote it: what changes in the same one is what this event is about.
  transaction_id  xid8        NOT NULL DEFAULT pg_current_xact_id()
);
CREATE UNIQUE INDEX ledger_event_once ON ledger_event (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX ledger_event_by_time ON ledger_event (recorded_at, sequence);
CREATE INDEX ledger_event_by_type ON ledger_event (type, sequence);
CREATE INDEX ledger_event_by_category ON ledger_event (category, sequence);
CREATE INDEX ledger_event_by_actor ON ledger_event (actor, sequence);
CREATE INDEX ledger_event_by_resource ON ledger_event (resource text_pattern_ops, sequence);
CREATE INDEX ledger_event_by_risk ON ledger_event (risk, sequence) WHERE risk IN ('high', 'critical');
CREATE INDEX ledger_event_by_framework ON ledger_event USING gin (frameworks);
CREATE INDEX ledger_event_by_word ON ledger_event USING gin (words);

-- Keys of payloads, one per subject (a person or an object), wrapped by the key-encryption key. Erasing the subject
-- empties the row: what it sealed can be read by nobody any more.
CREATE TABLE ledger_key (
  key_id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subject      text        NOT NULL,
  wrapping_key text        NOT NULL,
  wrapped      bytea,
  created_at   timestamptz NOT NULL DEFAULT now(),
  destroyed_at timestamptz,
  CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
CREATE UNIQUE INDEX ledger_key_in_use ON ledger_key (subject) WHERE destroyed_at IS NULL;

-- What an event commits to and does not hold: personal data and free text, sealed.
CREATE TABLE ledger_payload (
  sequence bigint PRIMARY KEY REFERENCES ledger_event (sequence) DEFERRABLE INITIALLY DEFERRED,
  key_id   bigint NOT NULL REFERENCES ledger_key (key_id),
  sealed   bytea  NOT NULL
);
CREATE INDEX ledger_payload_by_key ON ledger_payload (key_id);

-- Roots of complete tiles of 256 nodes: level 1 stands over 256 leaves, level 2 over 65,536, and so on.
CREATE TABLE ledger_node (
  level smallint NOT NULL CHECK (level > 0),
  index bigint   NOT NULL,
  hash  bytea    NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, index)
);

-- What was signed. Each continues the one before, and was checked to.
CREATE TABLE ledger_checkpoint (
  size      bigint      PRIMARY KEY,
  note      text        NOT NULL,
  peaks     text[]      NOT NULL,
  signed_at timestamptz NOT NULL DEFAULT now()
);

-- Who a principal id means. Kept outside the log, so that it can be erased.
CREATE TABLE principal (
  principal_id text        PRIMARY KEY,
  kind         text        NOT NULL CHECK (kind IN ('human', 'service', 'workflow', 'system')),
  provider     text        NOT NULL,
  name         text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  UNIQUE (provider, name)
);

-- Nothing of the log is ever changed or taken away.
CREATE FUNCTION evidence_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'evidence is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_event FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_node FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();

-- A governed row names, in `ledger_sequence`, the event of its newest change. At commit that event must be there, and must
-- have been written by the transaction that changed the row: no change without its event. Rows from before the ledger name
-- none, until they change.
CREATE FUNCTION change_needs_its_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM ledger_event WHERE sequence = NEW.ledger_sequence AND transaction_id = pg_current_xact_id()
  ) THEN
    RAISE EXCEPTION '% of % has no event of its own in the ledger', TG_OP, TG_TABLE_NAME
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;

ALTER TABLE traffic_write ADD COLUMN ledger_sequence bigint;
ALTER TABLE rollout ADD COLUMN ledger_sequence bigint;
ALTER TABLE rollout_tick ADD COLUMN ledger_sequence bigint;
ALTER TABLE rollout_event ADD COLUMN ledger_sequence bigint;
ALTER TABLE proven_version ADD COLUMN ledger_sequence bigint;
ALTER TABLE incident ADD COLUMN ledger_sequence bigint;
ALTER TABLE emergency_rollback ADD COLUMN ledger_sequence bigint;

CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE ON traffic_write
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE ON rollout
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
-- State and raw reading are dropped from old looks: that changes no evidence.
CREATE CONSTRAINT TRIGGER has_event
  AFTER INSERT OR UPDATE OF rollout_key, tick, at, step, judged, input, verdict, engine ON rollout_tick
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE ON rollout_event
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE ON proven_version
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE ON incident
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE ON emergency_rollback
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();

-- Evidence is not taken away either.
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON traffic_write FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON rollout FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON rollout_tick FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON rollout_event FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON proven_version FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON incident FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON emergency_rollback FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
