-- A rollout that runs goes on with the name of whoever began it, which its workflow remembers. Who is erased meanwhile must not come back
-- by what it writes from then on: it is told from this, and the rows go when the rollout has written its last entry. They hold what
-- the person was known by as a salted hash, and their opaque id.
CREATE TABLE erased_while_running (
  rollout_key  text        NOT NULL REFERENCES rollout (rollout_key),
  principal_id text        NOT NULL CHECK (principal_id <> ''),
  salt         bytea       NOT NULL CHECK (length(salt) = 32),
  name_hash    bytea       NOT NULL CHECK (length(name_hash) = 32),
  erased_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (rollout_key, name_hash)
);

-- What became of an alarm of the access watch: what it saw was over, somebody has looked into it, or both. Each once, with its event.
CREATE TABLE access_alarm_mark (
  -- Sequence of the event that raised the alarm.
  alarm           bigint      NOT NULL REFERENCES access_finding (ledger_sequence),
  mark            text        NOT NULL CHECK (mark IN ('ended', 'acknowledged')),
  -- Who acknowledged it; null for an end.
  principal_id    text        CHECK ((principal_id IS NULL) = (mark = 'ended')),
  marked_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  ledger_sequence bigint      NOT NULL,
  PRIMARY KEY (alarm, mark)
);
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE ON access_alarm_mark
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON access_alarm_mark FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
