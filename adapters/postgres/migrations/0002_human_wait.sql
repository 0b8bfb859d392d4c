-- How long a rollout waited for people in all: rollout_manual_pause_duration_seconds of the API's metrics.
ALTER TABLE rollout ADD COLUMN human_wait_seconds double precision NOT NULL DEFAULT 0 CHECK (human_wait_seconds >= 0);
