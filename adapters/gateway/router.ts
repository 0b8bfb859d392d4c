import type { TrafficRouter } from '../../activities/ports.ts';
import type { LiveSplit } from '../../domain/rollout/split.ts';
import { callAdmin, type GatewayAddress } from './admin-client.ts';

/** The built-in gateway as a traffic router. Needs neither Temporal nor PostgreSQL. */
export function createGatewayRouter(config: GatewayAddress): TrafficRouter {
  return {
    describe: () => ({
      kind: 'gateway',
      stepBasisPoints: 1,
      sticky: true,
      headerOverride: true,
      mirror: true,
      survivesRestart: true,
    }),
    apply: async (write) => {
      const { generation, expectedGeneration, idempotencyKey, split, actor, reason } = write;
      return (await callAdmin(config, `/v1/splits/${encodeURIComponent(split.model)}`, {
        generation,
        expectedGeneration,
        idempotencyKey,
        split,
        actor,
        reason,
      })) as LiveSplit;
    },
    observe: async (model) => (await callAdmin(config, `/v1/splits/${encodeURIComponent(model)}`)) as LiveSplit | null,
  };
}
