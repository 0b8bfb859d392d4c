-- An A/A run splits the stable version against itself, promotes nothing, and ends completed.
ALTER TABLE rollout DROP CONSTRAINT rollout_outcome_check;
ALTER TABLE rollout ADD CONSTRAINT rollout_outcome_check
  CHECK (outcome IN ('promoted', 'rolled-back', 'aborted', 'failed', 'completed'));
