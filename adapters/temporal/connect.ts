import { Client, Connection } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { MlopsConfig } from '../../config/schema.ts';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import { ownModule } from '../processes/own-file.ts';
import { createPayloadCodec } from './codec.ts';
import { loadPayloadKeys } from './keys.ts';

type ConnectConfig = Pick<MlopsConfig, 'temporal' | 'ports' | 'stateDirectory'>;

/** Where Temporal answers, with TLS and keys from TEMPORAL_* variables or profiles; the local server without any. */
export function connectionOptionsOf(config: ConnectConfig) {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const address = config.temporal.address ?? connectionOptions.address ?? `127.0.0.1:${config.ports.temporal}`;
  return {
    connectionOptions: { ...connectionOptions, address },
    namespace: namespace ?? config.temporal.namespace,
    address,
  };
}

/** How payloads are encrypted, for clients and workers, and whether others count. @throws PAYLOAD_KEYS_INVALID */
export async function loadDataConverter(
  stateDirectory: string,
  counts: 'all' | 'sealed' = 'all',
): Promise<DataConverter> {
  const codec = createPayloadCodec(await loadPayloadKeys(stateDirectory), counts);
  return {
    payloadCodecs: [codec],
    failureConverterPath: ownModule('adapters/temporal/failure-converter'),
  };
}

/** A connected client. @throws TEMPORAL_UNREACHABLE, PAYLOAD_KEYS_INVALID */
export async function connectTemporal(config: ConnectConfig): Promise<Client & { readonly connection: Connection }> {
  const { connectionOptions, namespace, address } = connectionOptionsOf(config);
  const dataConverter = await loadDataConverter(config.stateDirectory);
  try {
    const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '5s' });
    return new Client({ connection, namespace, dataConverter }) as Client & { connection: Connection };
  } catch (error) {
    throw new MlopsError('TEMPORAL_UNREACHABLE', { address, reason: messageOf(error) }, { cause: error });
  }
}
