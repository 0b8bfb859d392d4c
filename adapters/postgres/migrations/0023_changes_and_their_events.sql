-- Which events may be the reason of a change of which table, and what stands behind a version in production (docs/adr/0029).

-- Who may make temporary tables could put one before a table that a rule looks into: rules look into the real ones.
ALTER FUNCTION words_go_by_erasure() SET search_path = public, pg_temp;
ALTER FUNCTION hold_over(text) SET search_path = public, pg_temp;
ALTER FUNCTION key_is_destroyed_for_good() SET search_path = public, pg_temp;
ALTER FUNCTION held_name_is_kept() SET search_path = public, pg_temp;
ALTER FUNCTION decision_may_be_made() SET search_path = public, pg_temp;
ALTER FUNCTION decisions_are_there(approval_request, text) SET search_path = public, pg_temp;
ALTER FUNCTION approval_moves_by_decisions() SET search_path = public, pg_temp;

-- A governed row names, in `ledger_sequence`, the event of its newest change: one of the transaction that changed it, and of a type that such
-- a change is made by. The types are the arguments, as patterns of LIKE. A refusal changes nothing, whatever it is of: it has to be named as one.
CREATE OR REPLACE FUNCTION change_needs_its_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  said CONSTANT text := (
    SELECT type FROM public.ledger_event WHERE sequence = NEW.ledger_sequence AND transaction_id = pg_current_xact_id());
BEGIN
  IF said IS NULL THEN
    RAISE EXCEPTION '% of % has no event of its own in the ledger', TG_OP, TG_TABLE_NAME
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NOT EXISTS (
    SELECT FROM unnest(TG_ARGV) AS pattern
    WHERE said LIKE pattern AND (said NOT LIKE '%-refused' OR pattern LIKE '%-refused')
  ) THEN
    RAISE EXCEPTION '% of % is not what an event of type % is of', TG_OP, TG_TABLE_NAME, said
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;

-- Each case has a hold of its own: releasing one frees nothing that is held for another. Of before there was a case: of none.
ALTER TABLE legal_hold ADD COLUMN case_id text NOT NULL DEFAULT '' CHECK (case_id = '' OR case_id ~ '^[a-zA-Z0-9][a-zA-Z0-9._/-]{0,63}$');
DROP INDEX legal_hold_in_force;
CREATE UNIQUE INDEX legal_hold_in_force ON legal_hold (subject, case_id) WHERE released_at IS NULL;

-- The table of it: of which table, at which change, by which events.
DO $$
DECLARE
  rule record;
BEGIN
  FOR rule IN SELECT * FROM (VALUES
    ('access_alarm_mark', 'INSERT OR UPDATE', '', 'access.alarm-ended access.alarm-acknowledged'),
    ('access_finding', 'INSERT OR UPDATE OF ledger_sequence, principal_id, detector, tipped_by, started_at, tipped_at, observed, baseline, alarm_limit, unit',
      '', 'access.%'),
    ('approval_decision', 'INSERT OR UPDATE', '', 'approval.approve approval.deny'),
    ('approval_delegation', 'INSERT OR UPDATE', '', 'approval.delegated approval.delegation-revoked'),
    ('approval_link', 'INSERT', '', 'approval.link-issued'),
    ('approval_request', 'INSERT OR UPDATE', 'WHEN (NEW.state <> ''carried-out'')',
      'approval.requested approval.reminded approval.escalated approval.granted approval.denied approval.expired approval.voided approval.content-changed'),
    ('emergency_rollback', 'INSERT OR UPDATE', '', 'traffic.emergency-% traffic.emergency-refused governance.erased'),
    ('incident', 'INSERT OR UPDATE', '', 'incident.opened governance.erased'),
    ('ledger_key', 'UPDATE OF destroyed_at', 'WHEN (NEW.destroyed_at IS NOT NULL)', 'governance.erased'),
    ('legal_hold', 'INSERT', '', 'governance.hold-placed'),
    ('model', 'INSERT OR UPDATE', '',
      'model.created model.registered model.renamed model.described model.tagged model.untagged model.deleted model.imported '
      'model.promoted model.went-back model.replaced model.demoted model.retired'),
    ('model_alias', 'INSERT OR UPDATE', '', 'model.alias-set model.alias-removed model.retired model.deleted model.imported'),
    ('model_dependency', 'INSERT OR UPDATE', '', 'model.registered model.dependency-added model.imported'),
    ('model_version', 'INSERT OR UPDATE', '',
      'model.registered model.described model.tagged model.untagged model.deleted model.imported model.verified model.verification-failed '
      'model.promoted model.went-back model.replaced model.demoted model.retired'),
    ('principal', 'UPDATE OF name', '', 'governance.erased'),
    ('principal_key', 'INSERT', '', 'identity.created identity.key-replaced identity.bootstrapped'),
    ('principal_role', 'INSERT', '', 'identity.created identity.granted identity.bootstrapped'),
    ('proven_version', 'INSERT OR UPDATE', '', 'rollout.closed'),
    ('registry_source', 'INSERT OR UPDATE', '', 'model.taken-over'),
    ('rollout', 'INSERT OR UPDATE', '', 'rollout.opened rollout.closed governance.erased'),
    ('rollout_event', 'INSERT OR UPDATE', '', 'rollout.% rollout.%-refused governance.erased'),
    ('rollout_tick', 'INSERT OR UPDATE OF rollout_key, tick, at, step, judged, input, verdict, engine', '', 'rollout.judged'),
    ('stage_change', 'INSERT', '',
      'model.promoted model.went-back model.replaced model.demoted model.retired model.imported'),
    ('traffic_write', 'INSERT OR UPDATE', '', 'traffic.reserved traffic.applied traffic.refused traffic.foreign-write governance.erased'),
    -- The version that is replaced leaves first, in the change that the approval is used for.
    ('used_approval', 'INSERT', '', 'model.promoted model.went-back model.replaced model.alias-set model.imported'),
    ('version_endpoint', 'INSERT OR UPDATE', '', 'model.endpoint-set model.endpoint-removed model.imported'),
    ('version_stage', 'INSERT OR UPDATE', '',
      'model.stage-requested model.promoted model.went-back model.replaced model.demoted model.retired model.imported'),
    ('webhook', 'INSERT OR UPDATE OF webhook_id, environment, name, description, url, events, is_active, created_at, changed_at, deleted_at, ledger_sequence',
      '', 'webhook.created webhook.changed webhook.deleted'),
    ('webhook_subscription', 'INSERT', '', 'webhook.created webhook.changed webhook.deleted')
  ) AS rules(governed, change, condition, events) LOOP
    EXECUTE format('DROP TRIGGER has_event ON %I', rule.governed);
    EXECUTE format('CREATE CONSTRAINT TRIGGER has_event AFTER %s ON %I DEFERRABLE INITIALLY DEFERRED FOR EACH ROW %s EXECUTE FUNCTION change_needs_its_event(%s)',
      rule.change, rule.governed, rule.condition,
      (SELECT string_agg(quote_literal(event), ', ') FROM regexp_split_to_table(rule.events, ' ') AS event));
  END LOOP;
END $$;

-- What ends ends by other events than what begins.
CREATE CONSTRAINT TRIGGER ends_by_event AFTER UPDATE ON approval_link DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION change_needs_its_event('approval.approve', 'approval.deny');
CREATE CONSTRAINT TRIGGER ends_by_event AFTER UPDATE ON approval_request DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.state = 'carried-out') EXECUTE FUNCTION change_needs_its_event(
    'approval.carried-out', 'model.promoted', 'model.went-back', 'model.replaced', 'model.alias-set', 'rollout.%');
CREATE CONSTRAINT TRIGGER ends_by_event AFTER UPDATE ON legal_hold DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION change_needs_its_event('governance.hold-released');
CREATE CONSTRAINT TRIGGER ends_by_event AFTER UPDATE ON principal_key DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION change_needs_its_event('identity.key-replaced', 'identity.revoked');
CREATE CONSTRAINT TRIGGER ends_by_event AFTER UPDATE ON principal_role DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION change_needs_its_event('identity.revoked');

-- Whom a provider vouches for may be met by name, and that gives nobody anything: no act, and no event. Who acts by a key was made by somebody.
CREATE CONSTRAINT TRIGGER is_made AFTER INSERT ON principal DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.provider NOT IN ('operating-system', 'loopback'))
  EXECUTE FUNCTION change_needs_its_event('identity.created', 'identity.bootstrapped');

-- The first admin comes in without anybody who grants it: only where there never was one.
CREATE FUNCTION first_admin_is_first() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM public.ledger_event WHERE sequence = NEW.ledger_sequence AND type = 'identity.bootstrapped')
     AND EXISTS (SELECT FROM public.principal_role WHERE role = 'admin' AND ledger_sequence <> NEW.ledger_sequence) THEN
    RAISE EXCEPTION 'there was an admin before: nobody is the first any more' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER is_first AFTER INSERT ON principal_role DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION first_admin_is_first();
CREATE CONSTRAINT TRIGGER is_first AFTER INSERT ON principal_key DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  EXECUTE FUNCTION first_admin_is_first();

-- A version comes into production by an approval for exactly this, carried out in the same transaction; or by the one under which it was there
-- before; or it is in a registry that is taken in, which admins do.
CREATE FUNCTION production_is_approved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM public.ledger_event WHERE sequence = NEW.ledger_sequence AND type = 'model.imported') THEN
    RETURN NULL;
  END IF;
  IF EXISTS (
    SELECT FROM public.approval_request r
    JOIN public.ledger_event e ON e.sequence = r.ledger_sequence AND e.transaction_id = pg_current_xact_id()
    JOIN public.used_approval u USING (approval_id)
    JOIN public.model_version v ON v.version_id = NEW.version_id AND v.model_id = NEW.model_id
    JOIN public.model m ON m.model_id = v.model_id
    WHERE r.approval_id = NEW.approval_id AND r.state = 'carried-out' AND r.kind = 'stage-promotion'
      AND r.resource = 'model/' || m.name || '/' || v.version || '/stage/' || NEW.environment || '/production'
      AND NEW.bound = jsonb_build_object('artifact', r.artifact_digest, 'tests', r.tests_digest, 'policy', r.policy_digest)
      AND ARRAY(SELECT unnest(NEW.approvers) ORDER BY 1) = ARRAY(
        SELECT principal_id FROM public.approval_decision d
        WHERE d.approval_id = r.approval_id AND d.round = r.round AND d.verdict = 'approve' ORDER BY 1)
  ) THEN
    RETURN NULL;
  END IF;
  IF (NEW.approval_id, NEW.bound, NEW.approvers) = (
    SELECT c.approval_id, c.bound, c.approvers FROM public.stage_change c
    WHERE c.version_id = NEW.version_id AND c.environment = NEW.environment AND c.to_stage = 'production' AND c.change_id < NEW.change_id
    ORDER BY c.change_id DESC LIMIT 1
  ) THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'version % comes into production of % by no approval', NEW.version_id, NEW.environment
    USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE CONSTRAINT TRIGGER is_approved AFTER INSERT ON stage_change DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.to_stage = 'production') EXECUTE FUNCTION production_is_approved();

-- Where a version stands is what its history says.
CREATE FUNCTION production_has_its_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM public.stage_change c
    WHERE c.ledger_sequence = NEW.ledger_sequence AND c.version_id = NEW.version_id AND c.environment = NEW.environment
      AND c.model_id = NEW.model_id AND c.to_stage = 'production'
  ) AND NOT EXISTS (SELECT FROM public.ledger_event WHERE sequence = NEW.ledger_sequence AND type = 'model.imported') THEN
    RAISE EXCEPTION 'version % is in production of % by no change of its history', NEW.version_id, NEW.environment
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER in_history AFTER INSERT OR UPDATE ON version_stage DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.stage = 'production') EXECUTE FUNCTION production_has_its_change();
