import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createAdmin } from '../adapters/gateway/admin.ts';
import { createCounters } from '../adapters/gateway/counters.ts';
import { createFeedback } from '../adapters/gateway/feedback.ts';
import { createProxy } from '../adapters/gateway/proxy.ts';
import { createRequestIds } from '../adapters/gateway/request-id.ts';
import { openSplitStore } from '../adapters/gateway/split-store.ts';
import { loadSecret } from '../adapters/gateway/secret-file.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { isLoopbackHost } from '../domain/url-host.ts';
import { listenOn } from './listen.ts';
import { untilToldToStop } from './stop-signal.ts';

const DRAIN_MS = 10_000;

export interface RunningGateway {
  readonly proxyAddress: string;
  readonly adminAddress: string;
  /** Takes no new requests and gives those under way ten seconds. */
  stop(): Promise<void>;
}

type GatewayConfig = Pick<MlopsConfig, 'stateDirectory' | 'environment' | 'deployment'> & {
  readonly ports: Pick<MlopsConfig['ports'], 'gateway' | 'gatewayAdmin'>;
};

/** Starts the built-in gateway: proxy and administration, on loopback unless configured otherwise. @throws GATEWAY_STATE_CORRUPT, PORT_IN_USE */
export async function startGateway(config: GatewayConfig): Promise<RunningGateway> {
  const { listenHost, adminListenHost } = config.deployment.gateway;
  const folder = join(config.stateDirectory, 'gateway');
  const splits = await openSplitStore(config.stateDirectory);
  const token = await loadSecret(folder, 'token', () => randomBytes(32).toString('base64url'));
  const ids = createRequestIds(await loadSecret(folder, 'request-id-key', () => randomBytes(32).toString('base64url')));
  const counters = createCounters();
  const feedback = createFeedback(splits, counters, ids);
  const proxy = createProxy({
    splits,
    counters,
    ids,
    feedback,
    config: config.deployment.gateway,
    environment: config.environment,
  });
  const admin = createAdmin({
    splits,
    counters,
    token,
    allowList: config.deployment.endpointAllowList,
    hosts: hostsOf(config),
  });
  const { gateway: proxyPort, gatewayAdmin: adminPort } = config.ports;
  await listenOn('the gateway', proxyPort, async () => {
    await once(proxy.server.listen(proxyPort, listenHost), 'listening');
  });
  const adminAddress = await listenOn(
    "the gateway's admin API",
    adminPort,
    async () => await admin.listen({ port: adminPort, host: adminListenHost }),
  ).catch((error: unknown) => {
    proxy.server.close();
    throw error;
  });
  const { port, address } = proxy.server.address() as AddressInfo;
  return {
    proxyAddress: `http://${address.includes(':') ? `[${address}]` : address}:${port}`,
    adminAddress,
    stop: async () => {
      await admin.close();
      const closed = new Promise<void>((resolve) => proxy.server.close(() => resolve()));
      proxy.server.closeIdleConnections();
      const timer = setTimeout(() => proxy.drop(), DRAIN_MS);
      await closed;
      clearTimeout(timer);
      proxy.close();
    },
  };
}

/** Names of the administration where it listens on loopback: from there every page of this machine's browsers could reach it. */
function hostsOf({ deployment }: Pick<MlopsConfig, 'deployment'>): readonly string[] | null {
  const { adminListenHost, adminUrl } = deployment.gateway;
  if (!isLoopbackHost(adminListenHost)) return null;
  return [...deployment.allowedHosts, ...(adminUrl === null ? [] : [new URL(adminUrl).hostname])];
}

/** `mlops gateway`: runs until it is told to stop. */
export async function runGateway(config: GatewayConfig): Promise<void> {
  const gateway = await startGateway(config);
  process.stderr.write(`gateway: proxy ${gateway.proxyAddress}, administration ${gateway.adminAddress}\n`);
  await untilToldToStop();
  await gateway.stop();
}
