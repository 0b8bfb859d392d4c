/** The workflow bundle: every export is a workflow type. */
export { rollout } from './rollout.ts';
export { trafficGuard } from './traffic-guard.ts';
