import type { Pool } from 'pg';
import { createPrimitives } from '../adapters/crypto/primitives.ts';
import { followLedgerSigner } from '../adapters/crypto/ledger-signer.ts';
import { createLedgerReader } from '../adapters/postgres/ledger/reader.ts';
import { composeAuthority, type Rules } from './authority.ts';
import { composeEvidence, openDataKeys } from './ledger.ts';
import type { KeyPlace } from './wrapping-keys.ts';

type Reader = ReturnType<typeof createLedgerReader>;
type Export = Parameters<Reader['export']>[0];
type Query = Parameters<Reader['query']>;
type Event = Parameters<Reader['event']>;

/** What is read is the log of the installation. */
const RESOURCE = 'ledger';

/** The ledger as somebody who may look into it uses it; the shape is client/ledger-port.ts. */
export async function composeLedgerReader(config: Rules & KeyPlace, pool: Pool) {
  const primitives = createPrimitives();
  const parts = await composeEvidence(config, pool);
  const authority = composeAuthority(config, parts);
  const reader = createLedgerReader({
    ...parts,
    primitives,
    signer: followLedgerSigner(config.stateDirectory, primitives),
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
  };
}
