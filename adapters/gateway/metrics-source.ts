import type { MetricsSource } from '../../activities/ports.ts';
import { isMlopsError, MlopsError } from '../../domain/errors.ts';
import type { TelemetrySnapshot } from '../../domain/rollout/telemetry.ts';
import { callAdmin, type GatewayAddress } from './admin-client.ts';

/** The built-in gateway's own counters as a metrics source. */
export function createGatewayMetrics(config: GatewayAddress): MetricsSource {
  return {
    async snapshot(model) {
      const address = config.gateway.adminUrl;
      try {
        const snapshot = (await callAdmin(
          config,
          `/v1/snapshot/${encodeURIComponent(model)}`,
        )) as TelemetrySnapshot | null;
        if (snapshot !== null) return snapshot;
      } catch (error) {
        if (!isMlopsError(error)) throw error;
        throw new MlopsError('METRICS_UNAVAILABLE', { address, model, reason: error.message }, { cause: error });
      }
      throw new MlopsError('METRICS_UNAVAILABLE', { address, model, reason: 'the model is not known there' });
    },
  };
}
