import type { PlanSettings } from '../../domain/rollout/plan.ts';

/** The ramp of the brief: 5, 15, 25, 35, 45, 50 %, then all. */
export const PLAN_SETTINGS: PlanSettings = {
  initialPercentage: 5,
  maxPercentage: 50,
  rampStep: 10,
  observationWindowMinutes: 15,
  autoRollback: true,
  maxDeploymentHours: 4,
  tickSeconds: 60,
  warmUpSeconds: 60,
  minimumRequests: 100,
  bakeMinutes: 15,
  shadowPercentage: 0,
  headerOnly: false,
  manualGates: [],
  onInFlight: 'refuse',
  steps: null,
};
