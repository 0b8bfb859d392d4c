import type { Pool } from 'pg';
import { createPrimitives } from '../adapters/crypto/primitives.ts';
import { followLedgerSigner } from '../adapters/crypto/ledger-signer.ts';
import { createLedgerReader } from '../adapters/postgres/ledger/reader.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { composeAuthority, type Rules } from './authority.ts';
import { checkpointSigner, composeEvidence, openDataKeys } from './ledger.ts';
import type { KeyPlace } from './wrapping-keys.ts';

type Reader = ReturnType<typeof createLedgerReader>;
type Export = Parameters<Reader['export']>[0];
type Query = Parameters<Reader['query']>;
type Event = Parameters<Reader['event']>;

/** What is read is the log of the installation. */
const RESOURCE = 'ledger';

/**
 * The ledger as somebody who may look into it uses it; the shape is client/ledger-port.ts.
 *
 * @param signingPool connections of a worker's role, where this login is one; a machine that has the key signs by it
 */
export async function composeLedgerReader(
  config: Rules & KeyPlace & Pick<MlopsConfig, 'auditDirectory'>,
  pool: Pool,
  signingPool = pool,
) {
  const primitives = createPrimitives();
  const signer = followLedgerSigner(config.stateDirectory, primitives);
  const parts = await composeEvidence(config, pool);
  const authority = composeAuthority(config, parts);
  const reader = createLedgerReader({
    ...parts,
    primitives,
    signing: signer === null ? null : { pool: signingPool, signer: checkpointSigner(config, signer) },
    keys: await openDataKeys(config),
    readSample: config.governance.readSample,
  });
  return {
    ...reader,
    async *export(order: Export) {
      const { chosen, withPayloads } = order;
      const action = withPayloads ? 'audit.payload-read' : 'audit.export';
      await authority.authorise(order, { action, resource: RESOURCE, content: { chosen, withPayloads } });
      yield* reader.export(order);
    },
    async query(asked: Query[0], page: Query[1], order: Query[2]) {
      await authority.authorise(order, { action: 'audit.query', resource: RESOURCE, content: asked });
      return await reader.query(asked, page, order);
    },
    async event(sequence: Event[0], order: Event[1]) {
      const action = order.withPayload ? 'audit.payload-read' : 'audit.query';
      await authority.authorise(order, { action, resource: RESOURCE, content: sequence });
      return await reader.event(sequence, order);
    },
    async proveContinued(asked: Parameters<Reader['proveContinued']>[0], order: Query[2]) {
      await authority.authorise(order, { action: 'audit.query', resource: RESOURCE, content: asked });
      return await reader.proveContinued(asked, order);
    },
  };
}
