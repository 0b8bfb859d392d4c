import { join } from 'node:path';
import type { Pool } from 'pg';
import { readWatchState } from '../adapters/postgres/ledger/access-watch-state.ts';
import { createErasure } from '../adapters/postgres/ledger/erase.ts';
import { createLegalHolds } from '../adapters/postgres/ledger/legal-holds.ts';
import { originOf } from '../adapters/postgres/ledger/open-ledger.ts';
import { sampleRead } from '../adapters/postgres/ledger/sample-read.ts';
import { rewrapKeys } from '../adapters/postgres/ledger/rewrap.ts';
import { rewrapSecrets } from '../adapters/postgres/registry/webhooks/secrets.ts';
import { runExclusively } from '../adapters/processes/exclusive.ts';
import { draftOfCustody, type CustodyOrder } from '../domain/governance/custody-drafts.ts';
import type { EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import type { MlopsConfig } from '../config/schema.ts';
import type { EventActor } from '../domain/governance/event-draft.ts';
import type { Claim } from '../domain/governance/statement.ts';
import { composeAuthority, type Rules } from './authority.ts';
import { composeArtifacts, type ArtifactPlace } from './artifacts.ts';
import type { AskToErase } from './erasure-approvals.ts';
import { composeForgetOutside } from './forget-outside.ts';
import { composeEvidence, openDataKeys } from './ledger.ts';
import { wrappingKeysOf } from './wrapping-keys.ts';

type KeyOrder = Claim & { readonly reason: string };

/** Erasure, holds and rotation, each call authorised; the shape is client/governance-port.ts. Where somebody has to be asked, an erasure waits. */
export async function composeGovernance(
  config: Rules & ArtifactPlace & Pick<MlopsConfig, 'gateway'>,
  pool: Pool,
  askWith: (parts: EvidenceParts) => AskToErase | null = () => null,
) {
  const { stateDirectory } = config;
  const parts = await composeEvidence(config, pool);
  const ask = askWith(parts);
  const keys = await openDataKeys(config);
  const wrapping = wrappingKeysOf(config);
  const authority = composeAuthority(config, parts);
  const erasure = createErasure(parts, composeForgetOutside(config, parts));
  const legalHolds = createLegalHolds(parts);
  const may = async (claim: Claim, action: string, content: unknown): Promise<EventActor> =>
    await authority.authorise(claim, { action, resource: 'ledger', content });
  // Two that write the file of keys at once would lose one of them.
  const alone = async <T>(work: () => Promise<T>): Promise<T> =>
    await runExclusively(join(stateDirectory, 'run', 'wrapping-keys.lock'), work, () => undefined);
  return {
    ...createReadings(parts, { chance: config.governance.readSample, erasure, legalHolds, may }),
    async erase(order: CustodyOrder) {
      await may(order, 'governance.erase', contentOf(order));
      return await eraseOrAsk(erasure, ask, order);
    },
    async hold(order: CustodyOrder) {
      await may(order, 'governance.hold', contentOf(order));
      return await legalHolds.hold(order);
    },
    async release(order: CustodyOrder) {
      await may(order, 'governance.release-hold', contentOf(order));
      await legalHolds.release(order);
    },
    async addKey(claim: Claim) {
      await may(claim, 'governance.rotate', { addOnly: true });
      return await alone(async () => await wrapping.addWaiting());
    },
    async rotate(order: KeyOrder) {
      const { actor, reason } = order;
      await may(order, 'governance.rotate', { reason });
      return await alone(async () => {
        const key = await wrapping.foreseeNext();
        const origin = await originOf(pool);
        // Written before: a rotation that stopped half way is known, and the next one goes on with it.
        const draft = { subject: `ledger/${origin}`, reason, facts: { key } };
        await parts.ledger.append(draftOfCustody('keys-rotated', draft, await parts.principals.actor(actor)));
        await wrapping.useNext();
        const rewrapped = await rewrapKeys(pool, keys, { origin, active: key });
        const secrets = await rewrapSecrets(pool, wrapping.dataKeys('webhook'), { origin, active: key });
        const artifacts = await (await composeArtifacts(config)).rewrap(key);
        return { key, place: wrapping.place, rewrapped, secrets, artifacts };
      });
    },
  };
}

/** Looking, for who may; a share of it is written down. */
function createReadings(
  parts: EvidenceParts,
  {
    chance,
    erasure,
    legalHolds,
    may,
  }: {
    readonly chance: number;
    readonly erasure: ReturnType<typeof createErasure>;
    readonly legalHolds: ReturnType<typeof createLegalHolds>;
    readonly may: (claim: Claim, action: string, content: unknown) => Promise<EventActor>;
  },
) {
  const admit = async (claim: Claim, verb: 'foresee' | 'holds' | 'watch', content: unknown): Promise<void> => {
    const actor = await may(claim, 'governance.read', content);
    await sampleRead(parts, chance, { type: 'governance.read', resource: 'ledger', verb }, actor);
  };
  return {
    async foresee(subject: string, claim: Claim) {
      await admit(claim, 'foresee', { subject });
      return await erasure.foresee(subject);
    },
    async holds(claim: Claim) {
      await admit(claim, 'holds', null);
      return await legalHolds.holds();
    },
    /** How the watch over who does what stands. */
    async watch(claim: Claim) {
      await admit(claim, 'watch', { watch: true });
      return await readWatchState(parts.pool);
    },
  };
}

/** Erases, or asks for it where that is the rule. What is held is refused, and what is gone is gone, whoever would approve. */
async function eraseOrAsk(
  erasure: ReturnType<typeof createErasure>,
  ask: AskToErase | null,
  order: CustodyOrder,
): Promise<Awaited<ReturnType<typeof erasure.erase>> & { readonly approvalId?: string }> {
  if (ask === null) return await erasure.erase(order);
  const { held, keys, name, payloads, subject } = await erasure.foresee(order.subject);
  if (held !== null || (keys === 0 && !name)) return await erasure.erase(order);
  return {
    subject,
    keys: 0,
    name: false,
    payloads: 0,
    rows: 0,
    approvalId: await ask({ ...order, subject, payloads }),
  };
}

/** What an order is about, as its statement says it. */
function contentOf({ reason, subject }: CustodyOrder): { readonly subject: string; readonly reason: string } {
  return { subject, reason };
}
