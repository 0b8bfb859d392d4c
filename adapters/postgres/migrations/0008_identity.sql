-- Who may do what: roles and keys of principals. What was granted is kept when it is revoked.

CREATE TABLE principal_role (
  grant_id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  principal_id    text        NOT NULL REFERENCES principal (principal_id),
  role            text        NOT NULL CHECK (role IN ('viewer', 'engineer', 'reviewer', 'approver', 'operator', 'auditor', 'admin')),
  granted_at      timestamptz NOT NULL DEFAULT now(),
  revoked_at      timestamptz,
  ledger_sequence bigint      NOT NULL
);
CREATE UNIQUE INDEX principal_role_held ON principal_role (principal_id, role) WHERE revoked_at IS NULL;

-- Public keys that statements are verified by.
CREATE TABLE principal_key (
  key_id          text        PRIMARY KEY CHECK (key_id ~ '^[0-9a-f]{16}$'),
  principal_id    text        NOT NULL REFERENCES principal (principal_id),
  public_key      bytea       NOT NULL CHECK (length(public_key) = 32),
  created_at      timestamptz NOT NULL DEFAULT now(),
  revoked_at      timestamptz,
  ledger_sequence bigint      NOT NULL
);
CREATE INDEX principal_key_of ON principal_key (principal_id);

-- A statement is used once. It is of no use to anybody after its life, and can be forgotten then.
CREATE TABLE used_statement (
  nonce        text        PRIMARY KEY,
  principal_id text        NOT NULL,
  -- The one call that used it: an attempt whose answer was lost may use it again.
  occasion     text        NOT NULL,
  expires_at   timestamptz NOT NULL
);
CREATE INDEX used_statement_by_expiry ON used_statement (expires_at);

-- What was revoked stays revoked: granting again is another row.
CREATE FUNCTION revoked_for_good() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL THEN
    RAISE EXCEPTION '% of % only revokes what is in force', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER revoked_for_good BEFORE UPDATE ON principal_role FOR EACH ROW EXECUTE FUNCTION revoked_for_good();
CREATE TRIGGER revoked_for_good BEFORE UPDATE ON principal_key FOR EACH ROW EXECUTE FUNCTION revoked_for_good();
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE ON principal_role
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT OR UPDATE ON principal_key
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON principal_role FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON principal_key FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
