-- The watch over who does what, and what it raised (docs/adr/0028).

-- Where the watch has come to. Who looks moves it on in the transaction in which the findings are written.
CREATE TABLE access_watch (
  only_one      boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
  -- Events below it were looked at.
  next_sequence bigint      NOT NULL CHECK (next_sequence >= 0),
  -- Events below it were only learned from: they are older than the watch.
  watched_from  bigint      NOT NULL CHECK (watched_from >= 0),
  looked_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What is usual of each principal: counts and keyed hashes, made of the ledger and nothing else.
CREATE TABLE access_history (
  principal_id text        PRIMARY KEY CHECK (principal_id <> ''),
  history      jsonb       NOT NULL,
  seen_at      timestamptz NOT NULL
);

-- Alarms. Each has its security_event; what is noted later is only that people were told.
CREATE TABLE access_finding (
  ledger_sequence bigint           PRIMARY KEY,
  principal_id    text             NOT NULL CHECK (principal_id <> ''),
  detector        text             NOT NULL CHECK (detector <> ''),
  -- The event that tipped it.
  tipped_by       bigint           NOT NULL,
  started_at      timestamptz      NOT NULL,
  tipped_at       timestamptz      NOT NULL,
  observed        double precision NOT NULL,
  baseline        double precision NOT NULL,
  alarm_limit     double precision NOT NULL,
  unit            text             NOT NULL,
  told_at         timestamptz,
  UNIQUE (principal_id, detector, tipped_by)
);
CREATE INDEX access_finding_untold ON access_finding (ledger_sequence) WHERE told_at IS NULL;
CREATE INDEX access_finding_by_time ON access_finding (tipped_at DESC);
CREATE CONSTRAINT TRIGGER has_event
  AFTER INSERT OR UPDATE OF ledger_sequence, principal_id, detector, tipped_by, started_at, tipped_at, observed, baseline, alarm_limit, unit
  ON access_finding DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON access_finding FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
