import type { SmokeTest } from '../../activities/ports.ts';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import { serviceUrl } from './service-url.ts';

/** Asks the canary's health page through the gateway, by the override header: the whole path, before any user. */
export function createSmokeTest(options: {
  readonly gatewayAddress: string;
  readonly overrideHeader: string;
  readonly path: string;
  readonly timeoutMs: number;
}): SmokeTest {
  return {
    async ask(model, version) {
      const headers = { 'x-mlops-model': model, [options.overrideHeader]: 'canary' };
      try {
        const response = await fetch(serviceUrl(options.gatewayAddress, options.path), {
          headers,
          redirect: 'manual',
          signal: AbortSignal.timeout(options.timeoutMs),
        });
        await response.body?.cancel();
        const served = response.headers.get('x-mlops-version') ?? 'none';
        const passed = response.status === 200 && served === version;
        return { passed, detail: `answered ${response.status} from version ${served}, wanted 200 from ${version}` };
      } catch (error) {
        const reason = messageOf(error);
        if (error instanceof Error && error.name === 'TimeoutError') return { passed: false, detail: reason };
        // That the gateway is away says nothing of the canary.
        throw new MlopsError('ROUTER_UNREACHABLE', { address: options.gatewayAddress, reason }, { cause: error });
      }
    },
  };
}
