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
