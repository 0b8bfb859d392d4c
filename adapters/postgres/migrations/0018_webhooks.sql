-- Webhooks of the MLflow protocol (docs/adr/0026). Who is told of what, from which event of the ledger on.

CREATE TABLE webhook (
  webhook_id      uuid        PRIMARY KEY,
  environment     text        NOT NULL CHECK (environment <> ''),
  name            text        NOT NULL CHECK (name <> ''),
  description     text        NOT NULL,
  url             text        NOT NULL CHECK (url <> ''),
  events          text[]      NOT NULL CHECK (cardinality(events) > 0),
  is_active       boolean     NOT NULL,
  -- The shared secret, encrypted by this wrapping key for this row; null: requests are not signed.
  secret_key      text,
  secret          bytea,
  created_at      timestamptz NOT NULL,
  changed_at      timestamptz NOT NULL,
  deleted_at      timestamptz,
  ledger_sequence bigint      NOT NULL,
  CHECK ((secret_key IS NULL) = (secret IS NULL))
);
CREATE INDEX webhook_by_age ON webhook (environment, created_at DESC, webhook_id DESC) WHERE deleted_at IS NULL;
-- A secret that is wrapped under another key is the same secret: that changes nothing that has an event.
CREATE CONSTRAINT TRIGGER has_event
  AFTER INSERT OR UPDATE OF webhook_id, environment, name, description, url, events, is_active, created_at, changed_at,
    deleted_at, ledger_sequence ON webhook
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON webhook FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
CREATE FUNCTION deleted_webhook_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'webhook % was deleted', OLD.webhook_id USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER is_deleted BEFORE UPDATE ON webhook FOR EACH ROW WHEN (OLD.deleted_at IS NOT NULL)
  EXECUTE FUNCTION deleted_webhook_is_kept();

-- What a webhook was told of when: from the event `ledger_sequence` on, until its next row. A change of the registry is told to those
-- who were subscribed when it was made, however late that is read.
CREATE TABLE webhook_subscription (
  webhook_id      uuid     NOT NULL REFERENCES webhook (webhook_id),
  ledger_sequence bigint   NOT NULL,
  environment     text     NOT NULL,
  -- Empty: nothing.
  events          text[]   NOT NULL,
  PRIMARY KEY (webhook_id, ledger_sequence)
);
CREATE INDEX webhook_subscription_by_environment ON webhook_subscription (environment, ledger_sequence);
CREATE CONSTRAINT TRIGGER has_event AFTER INSERT ON webhook_subscription
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_needs_its_event();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON webhook_subscription
  FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();

-- Up to where the log was handed over: every delivery of an event before `next_sequence` was started. Not evidence: the workflows are.
CREATE TABLE webhook_cursor (
  environment   text   PRIMARY KEY,
  next_sequence bigint NOT NULL CHECK (next_sequence >= 0)
);
-- The last delivery of a webhook that was started: the next one follows it.
CREATE TABLE webhook_progress (
  webhook_id    uuid   PRIMARY KEY REFERENCES webhook (webhook_id),
  last_delivery text   NOT NULL,
  last_sequence bigint NOT NULL
);
CREATE FUNCTION webhook_cursor_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.next_sequence < OLD.next_sequence THEN
    RAISE EXCEPTION 'webhook cursor goes back from % to %', OLD.next_sequence, NEW.next_sequence USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER goes_on BEFORE UPDATE ON webhook_cursor FOR EACH ROW EXECUTE FUNCTION webhook_cursor_goes_on();
CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON webhook_cursor FOR EACH STATEMENT EXECUTE FUNCTION evidence_is_append_only();
