/**
 * Short steps with the real judge: a rollout of some seconds. No incident is opened: whether a look sees requests enough for
 * one before it rolls back is a matter of time, and runs with and without kills are compared.
 */
export const SHORT_STEPS = `
canary:
  tick_seconds: 1
  warm_up_seconds: 1
  minimum_requests: 20
  max_deployment_hours: 0.2
  bake_minutes: 0.03
  steps: [{ header_only: true, window_minutes: 0.01 }, { weight: 10, window_minutes: 0.03 }, { weight: 30, window_minutes: 0.03 }, { weight: 60, window_minutes: 0.03 }]
judge: { absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors], response_time_floor_ms: 1000, minimum_success_rate: 0.5 }
health: { interval_seconds: 5, timeout_seconds: 2, failures: 3, out_of: 3 }
`;
