/** The workflow bundle: every export is a workflow type. */
export { accessWatch } from './access-watch.ts';
export { approval } from './approval.ts';
export { handOver } from './hand-over.ts';
export { notification } from './notification.ts';
export { ownKey } from './own-key.ts';
export { registrySource } from './registry-source.ts';
export { rollout } from './rollout.ts';
export { trafficGuard } from './traffic-guard.ts';
export { webhookDelivery } from './webhook-delivery.ts';
