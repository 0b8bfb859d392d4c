-- Every traffic write this system has ever made: the outside witness of crash tests and the fence of D2.
-- A generation is allocated here, per model and environment, before the router is asked to apply it.
CREATE TABLE traffic_write (
  model            text        NOT NULL,
  environment      text        NOT NULL,
  generation       bigint      NOT NULL CHECK (generation > 0),
  idempotency_key  text        NOT NULL,
  split            jsonb       NOT NULL,
  expected_generation bigint,
  actor            text        NOT NULL,
  reason           text        NOT NULL,
  requested_at     timestamptz NOT NULL DEFAULT now(),
  applied_at       timestamptz,
  refused_code     text,
  observed         jsonb,
  PRIMARY KEY (model, environment, generation)
);
-- A refused write may be tried again under its key with a newer generation; a standing one may not be doubled.
CREATE UNIQUE INDEX traffic_write_once ON traffic_write (idempotency_key) WHERE refused_code IS NULL;

-- One row per execution of a rollout; the key is the workflow run that started it (continue-as-new keeps it).
CREATE TABLE rollout (
  rollout_key   text        PRIMARY KEY,
  rollout_id    text        NOT NULL,
  model         text        NOT NULL,
  environment   text        NOT NULL,
  from_version  text        NOT NULL,
  to_version    text        NOT NULL,
  plan          jsonb       NOT NULL,
  policy        jsonb       NOT NULL,
  started_by    text        NOT NULL,
  started_at    timestamptz NOT NULL,
  outcome       text CHECK (outcome IN ('promoted', 'rolled-back', 'aborted', 'failed')),
  reason        text,
  closed_at     timestamptz,
  detail        text,
  engine        jsonb       NOT NULL
);
CREATE INDEX rollout_by_model ON rollout (environment, model, started_at DESC);

-- One judged look (architecture D18): observation, verdict and the judge's state in one row, written once.
-- State is kept on the newest rows only; everything before can be recomputed from the ticks.
CREATE TABLE rollout_tick (
  rollout_key text        NOT NULL REFERENCES rollout (rollout_key),
  tick        integer     NOT NULL CHECK (tick >= 0),
  at          timestamptz NOT NULL,
  step        integer     NOT NULL,
  snapshot    jsonb,
  judged      boolean     NOT NULL,
  input       jsonb       NOT NULL,
  verdict     jsonb       NOT NULL,
  state       jsonb,
  engine      text        NOT NULL,
  PRIMARY KEY (rollout_key, tick)
);

-- What happened, in order, for the timeline and the receipt.
CREATE TABLE rollout_event (
  rollout_key     text        NOT NULL REFERENCES rollout (rollout_key),
  sequence        bigint      GENERATED ALWAYS AS IDENTITY,
  idempotency_key text        NOT NULL UNIQUE,
  at              timestamptz NOT NULL,
  event           text        NOT NULL,
  actor           text        NOT NULL,
  details         jsonb       NOT NULL,
  PRIMARY KEY (rollout_key, sequence)
);

-- Which version was proven, and when: what a rollback may fall back to.
CREATE TABLE proven_version (
  model       text        NOT NULL,
  environment text        NOT NULL,
  version     text        NOT NULL,
  endpoint    text        NOT NULL,
  proven_at   timestamptz NOT NULL DEFAULT now(),
  rollout_key text,
  PRIMARY KEY (model, environment, version)
);

-- Incidents and alerts raised by a rollout (success rate, resources, foreign edits).
CREATE TABLE incident (
  idempotency_key text        PRIMARY KEY,
  model           text        NOT NULL,
  environment     text        NOT NULL,
  kind            text        NOT NULL,
  severity        text        NOT NULL,
  summary         text        NOT NULL,
  evidence        jsonb       NOT NULL,
  opened_at       timestamptz NOT NULL DEFAULT now()
);

-- Emergency rollbacks that were journaled while the database was away, ingested later, each line once.
CREATE TABLE emergency_rollback (
  journal_id  text        PRIMARY KEY,
  model       text        NOT NULL,
  environment text        NOT NULL,
  entry       jsonb       NOT NULL,
  late        boolean     NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
