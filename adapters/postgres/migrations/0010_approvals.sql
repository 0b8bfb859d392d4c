-- Approvals: who asked for what, who decided, and rules that hold whatever a program forgets (docs/adr/0024).

CREATE TABLE approval_request (
  approval_id        text        PRIMARY KEY CHECK (approval_id ~ '^[a-z0-9][a-z0-9-]{3,63}$'),
  kind               text        NOT NULL CHECK (kind IN ('stage-promotion', 'protected-alias', 'rollout-gate', 'erasure', 'gate-skip', 'recorded-action')),
  resource           text        NOT NULL CHECK (resource <> ''),
  environment        text        NOT NULL CHECK (environment <> ''),
  requested_by       text        NOT NULL CHECK (requested_by <> ''),
  -- Principal ids that may not decide, and what they are: {"principal:1f": "author"}. Who asks is always one of them.
  excluded           jsonb       NOT NULL CHECK (excluded ? requested_by),
  artifact_digest    text        CHECK (artifact_digest ~ '^[0-9a-f]{64}$'),
  tests_digest       text        NOT NULL CHECK (tests_digest ~ '^[0-9a-f]{64}$'),
  policy_digest      text        NOT NULL CHECK (policy_digest ~ '^[0-9a-f]{64}$'),
  evidence           jsonb       NOT NULL,
  action             jsonb       NOT NULL,
  -- Of everything above that approvers are shown.
  content_digest     text        NOT NULL CHECK (content_digest ~ '^[0-9a-f]{64}$'),
  risk_score         integer     NOT NULL CHECK (risk_score BETWEEN 0 AND 100),
  risk_band          text        NOT NULL CHECK (risk_band IN ('low', 'medium', 'high', 'critical')),
  risk_inputs        jsonb       NOT NULL,
  risk_reasons       jsonb       NOT NULL,
  quorum             integer     NOT NULL CHECK (quorum >= 1),
  roles              text[]      NOT NULL CHECK (cardinality(roles) >= 1),
  remind_seconds     double precision NOT NULL CHECK (remind_seconds > 0),
  escalate_seconds   double precision NOT NULL CHECK (escalate_seconds > 0),
  expire_seconds     double precision NOT NULL CHECK (expire_seconds > 0),
  state              text        NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'expired', 'voided', 'carried-out')),
  round              integer     NOT NULL DEFAULT 1 CHECK (round >= 1),
  created_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  asked_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
  reminders          integer     NOT NULL DEFAULT 0,
  escalated          boolean     NOT NULL DEFAULT false,
  decided_at         timestamptz,
  carried_out_at     timestamptz,
  ledger_sequence    bigint      NOT NULL,
  expires_at         timestamptz NOT NULL
);
-- One request of a kind is open for a thing.
CREATE UNIQUE INDEX approval_open ON approval_request (environment, kind, resource) WHERE state IN ('pending', 'approved');
CREATE INDEX approval_by_time ON approval_request (created_at DESC);

-- What was decided. Never changed: another content is another round.
CREATE TABLE approval_decision (
  approval_id     text        NOT NULL REFERENCES approval_request (approval_id),
  round           integer     NOT NULL,
  principal_id    text        NOT NULL CHECK (principal_id <> ''),
  verdict         text        NOT NULL CHECK (verdict IN ('approve', 'deny')),
  -- Whose right was used, when it was delegated.
  on_behalf_of    text        CHECK (on_behalf_of <> principal_id),
  -- Digest of the content that was seen.
  seen            text        NOT NULL,
  roles           text[]      NOT NULL,
  link_id         text,
  decided_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  ledger_sequence bigint      NOT NULL,
  -- A person counts once, and so does a right.
  PRIMARY KEY (approval_id, round, principal_id)
);
CREATE UNIQUE INDEX approval_right_once ON approval_decision (approval_id, round, (coalesce(on_behalf_of, principal_id)));

-- Somebody lets somebody else decide, for a time: everything, or one request.
CREATE TABLE approval_delegation (
  delegation_id   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  from_principal  text        NOT NULL CHECK (from_principal <> ''),
  to_principal    text        NOT NULL CHECK (to_principal <> '' AND to_principal <> from_principal),
  approval_id     text        REFERENCES approval_request (approval_id),
  from_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  until_at        timestamptz NOT NULL CHECK (until_at > from_at),
  revoked_at      timestamptz,
  ledger_sequence bigint      NOT NULL
);
CREATE INDEX approval_delegation_to ON approval_delegation (to_principal) WHERE revoked_at IS NULL;

-- One-time links to decide by. The secret is in the link alone; here is its hash.
CREATE TABLE approval_link (
  link_id         text        PRIMARY KEY,
  approval_id     text        NOT NULL REFERENCES approval_request (approval_id),
  principal_id    text        NOT NULL CHECK (principal_id <> ''),
  secret_hash     bytea       NOT NULL CHECK (length(secret_hash) = 32),
  content_digest  text        NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at      timestamptz NOT NULL,
  used_at         timestamptz,
  ledger_sequence bigint      NOT NULL
);

-- A decision counts for the request as it is now, by somebody who may.
CREATE FUNCTION decision_may_be_made() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  asked approval_request%ROWTYPE;
BEGIN
  SELECT * INTO asked FROM approval_request WHERE approval_id = NEW.approval_id FOR UPDATE;
  IF asked.state <> 'pending' AND NOT (asked.state = 'approved' AND NEW.verdict = 'deny') THEN
    RAISE EXCEPTION 'approval % is %', asked.approval_id, asked.state USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF clock_timestamp() >= asked.expires_at THEN
    RAISE EXCEPTION 'approval % has expired', asked.approval_id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.round <> asked.round OR NEW.seen <> asked.content_digest THEN
    RAISE EXCEPTION 'approval %: what was seen is not what is asked for', asked.approval_id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF asked.excluded ? NEW.principal_id OR asked.excluded ? coalesce(NEW.on_behalf_of, NEW.principal_id) THEN
    RAISE EXCEPTION 'approval %: % may not decide', asked.approval_id, NEW.principal_id USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NOT (NEW.roles && asked.roles) THEN
    RAISE EXCEPTION 'approval %: % has no role that may decide', asked.approval_id, NEW.principal_id USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER may_be_made BEFORE INSERT ON approval_decision FOR EACH ROW EXECUTE FUNCTION decision_may_be_made();

-- Whether the decisions that a state rests on are there.
CREATE FUNCTION decisions_are_there(asked approval_request, wanted text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT CASE wanted
    WHEN 'deny' THEN EXISTS (
      SELECT FROM approval_decision d WHERE d.approval_id = asked.approval_id AND d.round = asked.round AND d.verdict = 'deny')
    ELSE (
      SELECT count(*) >= asked.quorum FROM approval_decision d
      WHERE d.approval_id = asked.approval_id AND d.round = asked.round AND d.verdict = 'approve' AND d.seen = asked.content_digest)
    END
$$;

CREATE FUNCTION approval_begins_undecided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state <> 'pending' OR NEW.round <> 1 OR NEW.decided_at IS NOT NULL OR NEW.carried_out_at IS NOT NULL THEN
    RAISE EXCEPTION 'approval % does not begin pending', NEW.approval_id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER begins_undecided BEFORE INSERT ON approval_request FOR EACH ROW EXECUTE FUNCTION approval_begins_undecided();

CREATE FUNCTION approval_moves_by_decisions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  terms CONSTANT text[] := ARRAY['approval_id', 'kind', 'resource', 'environment', 'requested_by', 'created_at'];
  progress CONSTANT text[] := ARRAY['state', 'reminders', 'escalated', 'decided_at', 'carried_out_at', 'ledger_sequence'];
  is_new_round CONSTANT boolean := NEW.round = OLD.round + 1;
  is_carried boolean;
BEGIN
  IF OLD.state IN ('denied', 'expired', 'voided', 'carried-out') THEN
    RAISE EXCEPTION 'approval % is % for good', OLD.approval_id, OLD.state USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF (SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(OLD)) WHERE key = ANY (terms))
     IS DISTINCT FROM (SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(NEW)) WHERE key = ANY (terms)) THEN
    RAISE EXCEPTION 'approval %: what it is about is not changed', OLD.approval_id USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- Another content is another round, in which nothing is decided yet.
  IF is_new_round THEN
    IF NEW.state <> 'pending' OR NEW.decided_at IS NOT NULL THEN
      RAISE EXCEPTION 'approval %: a round begins pending', OLD.approval_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF (to_jsonb(OLD) - progress) IS DISTINCT FROM (to_jsonb(NEW) - progress) THEN
    RAISE EXCEPTION 'approval %: its content changes with its round only', OLD.approval_id USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.state = OLD.state THEN
    RETURN NEW;
  END IF;
  is_carried := CASE NEW.state
    WHEN 'approved' THEN OLD.state = 'pending' AND decisions_are_there(NEW, 'approve')
      AND NOT decisions_are_there(NEW, 'deny') AND clock_timestamp() < NEW.expires_at
    WHEN 'denied' THEN decisions_are_there(NEW, 'deny')
    WHEN 'expired' THEN clock_timestamp() >= NEW.expires_at
    WHEN 'voided' THEN true
    WHEN 'carried-out' THEN OLD.state = 'approved' AND NEW.carried_out_at IS NOT NULL
      AND decisions_are_there(NEW, 'approve') AND clock_timestamp() < NEW.expires_at
    ELSE false
  END;
  IF NOT is_carried THEN
    RAISE EXCEPTION 'approval % cannot become %: what that needs is not there', OLD.approval_id, NEW.state
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER moves_by_decisions BEFORE UPDATE ON approval_request FOR EACH ROW EXECUTE FUNCTION approval_moves_by_decisions();

-- A right that was given is taken back, a link is used: nothing else of them changes.
CREATE FUNCTION only_ends_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ending CONSTANT text[] := ARRAY['revoked_at', 'used_at', 'ledger_sequence'];
BEGIN
  IF (to_jsonb(OLD) - ending) IS DISTINCT FROM (to_jsonb(NEW) - ending)
     OR coalesce(to_jsonb(OLD) ->> 'revoked_at', to_jsonb(OLD) ->> 'used_at') IS NOT NULL THEN
    RAISE EXCEPTION '% of % is refused: it only ends, once', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER only_ends BEFORE UPDATE ON approval_delegation FOR EACH ROW EXECUTE FUNCTION only_ends_once();
CREATE TRIGGER only_ends BEFORE UPDATE ON approval_link FOR EACH ROW EXECUTE FUNCTION only_ends_once();

CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE ON approval_request
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE ON approval_decision
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE ON approval_delegation
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE ON approval_link
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON approval_request FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON approval_decision FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON approval_delegation FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON approval_link FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
