import { join } from 'node:path';
import type { Pool } from 'pg';
import { readWatchState } from '../adapters/postgres/ledger/access-watch-state.ts';
import { acknowledgeAlarm } from '../adapters/postgres/ledger/alarm-marks.ts';
import { createErasure } from '../adapters/postgres/ledger/erase.ts';
import { createLegalHolds } from '../adapters/postgres/ledger/legal-holds.ts';
import { originOf } from '../adapters/postgres/ledger/open-ledger.ts';
import { sampleRead } from '../adapters/postgres/ledger/sample-read.ts';
import { rewrapKeys } from '../adapters/postgres/ledger/rewrap.ts';
import { rewrapSecrets } from '../adapters/postgres/registry/webhooks/secrets.ts';
import { runExclusively } from '../adapters/processes/exclusive.ts';
import { draftOfSampledRead } from '../domain/governance/access-drafts.ts';
import { draftOfCustody, type CustodyOrder, type HoldOrder } from '../domain/governance/custody-drafts.ts';
import { requireAdminRole } from '../adapters/postgres/roles/require-admin-role.ts';
import type { EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import type { MlopsConfig } from '../config/schema.ts';
import type { EventActor } from '../domain/governance/event-draft.ts';
import type { Claim } from '../domain/governance/statement.ts';
import { composeAuthority, type Rules } from './authority.ts';
import { createCheckpointKeys, type Permission } from './checkpoint-keys.ts';
import { composeArtifacts, type ArtifactPlace } from './artifacts.ts';
import type { AskToErase } from './erasure-approvals.ts';
import { composeForgetOutside } from './forget-outside.ts';
import { composeEvidence, openDataKeys } from './ledger.ts';
import { wrappingKeysOf } from './wrapping-keys.ts';

type KeyOrder = Claim & { readonly reason: string };

/** Erasure, holds and rotation, each call authorised; the shape is client/governance-port.ts. Where somebody has to be asked, an erasure waits. */
export async function composeGovernance(
  config: Rules & ArtifactPlace & Pick<MlopsConfig, 'auditDirectory' | 'gateway'>,
  pool: Pool,
  askWith: (parts: EvidenceParts) => AskToErase | null = () => null,
) {
  const parts = await composeEvidence(config, pool);
  const ask = askWith(parts);
  const authority = composeAuthority(config, parts);
  const erasure = createErasure(parts, composeForgetOutside(config, parts));
  const legalHolds = createLegalHolds(parts);
  const may = async (claim: Claim, action: string, content: unknown): Promise<EventActor> =>
    await authority.authorise(claim, { action, resource: 'ledger', content });
  const mayWrite = async (claim: Claim, action: string, content: unknown): Promise<void> => {
    await may(claim, action, content);
    await requireAdminRole(pool, action);
  };
  const read = async (claim: Claim, verb: 'foresee' | 'holds' | 'watch', content: unknown): Promise<void> => {
    const actor = await may(claim, 'governance.read', content);
    const seen = { type: 'governance.read', resource: 'ledger', verb } as const;
    await sampleRead(parts, config.governance.readSample, () => draftOfSampledRead(seen, actor));
  };
  return {
    /** How the watch over who does what stands, for who may know. */
    async watch(claim: Claim) {
      await read(claim, 'watch', { watch: true });
      return await readWatchState(pool);
    },
    /** What somebody says of one of its alarms. */
    async acknowledge({ alarm, reason, ...claim }: Claim & { readonly alarm: number; readonly reason: string }) {
      return await acknowledgeAlarm(
        parts,
        { alarm, reason },
        await may(claim, 'governance.acknowledge', { alarm, reason }),
      );
    },
    async foresee(subject: string, claim: Claim) {
      await read(claim, 'foresee', { subject });
      return await erasure.foresee(subject);
    },
    async erase(order: CustodyOrder) {
      await may(order, 'governance.erase', contentOf(order));
      return await eraseOrAsk(erasure, ask, order, async () => await requireAdminRole(pool, 'governance.erase'));
    },
    async hold(order: HoldOrder) {
      await mayWrite(order, 'governance.hold', contentOfHold(order));
      return await legalHolds.hold(order);
    },
    async release(order: HoldOrder) {
      await mayWrite(order, 'governance.release-hold', contentOfHold(order));
      await legalHolds.release(order);
    },
    async holds(claim: Claim) {
      await read(claim, 'holds', null);
      return await legalHolds.holds();
    },
    ...createRotation(config, { pool, parts, mayWrite }),
    ...createCheckpointKeys(config, { pool, parts, mayWrite }),
  };
}

/** Wrapping keys: another one, and the one that is in use. */
function createRotation(
  config: Rules & ArtifactPlace,
  { mayWrite, parts, pool }: { readonly pool: Pool; readonly parts: EvidenceParts; readonly mayWrite: Permission },
) {
  const wrapping = wrappingKeysOf(config);
  // Two that write the file of keys at once would lose one of them.
  const alone = async <T>(work: () => Promise<T>): Promise<T> =>
    await runExclusively(join(config.stateDirectory, 'run', 'wrapping-keys.lock'), work, () => undefined);
  return {
    async addKey(claim: Claim) {
      await mayWrite(claim, 'governance.rotate', { addOnly: true });
      return await alone(async () => await wrapping.addWaiting());
    },
    async rotate(order: KeyOrder) {
      const { actor, reason } = order;
      await mayWrite(order, 'governance.rotate', { reason });
      return await alone(async () => {
        const key = await wrapping.foreseeNext();
        const origin = await originOf(pool);
        const who = await parts.principals.actor(actor);
        const say = async (said: string): Promise<void> => {
          const draft = { subject: `ledger/${origin}`, reason, facts: { key: said } };
          await parts.ledger.append(draftOfCustody('keys-rotated', draft, who));
        };
        // Written before: a rotation that stopped half way is known, and the next one goes on with it.
        await say(key);
        await wrapping.useNext();
        const rewrapped = await rewrapKeys(pool, await openDataKeys(config), { origin, active: key, say });
        const secrets = await rewrapSecrets(pool, wrapping.dataKeys('webhook'), { origin, active: key });
        const artifacts = await (await composeArtifacts(config)).rewrap(key);
        return { key, place: wrapping.place, rewrapped, secrets, artifacts };
      });
    },
  };
}

/** Erases, or asks for it where that is the rule. What is held is refused, and what is gone is gone, whoever would approve. */
async function eraseOrAsk(
  erasure: ReturnType<typeof createErasure>,
  ask: AskToErase | null,
  order: CustodyOrder,
  requireRole: () => Promise<void>,
): Promise<Awaited<ReturnType<typeof erasure.erase>> & { readonly approvalId?: string }> {
  const eraseNow = async () => {
    await requireRole();
    return await erasure.erase(order);
  };
  if (ask === null) return await eraseNow();
  const { authored, hasMore, held, keys, mentions, name, subject } = await erasure.foresee(order.subject);
  // The refusal is an event, which every login may write.
  if (held !== null) return await erasure.erase(order);
  if (keys === 0 && !name) return await eraseNow();
  return {
    subject,
    keys: 0,
    name: false,
    payloads: 0,
    rows: 0,
    mentions,
    hasMore,
    authored,
    approvalId: await ask({ ...order, subject }),
  };
}

/** What an order is about, as its statement says it. */
function contentOf({ reason, subject }: CustodyOrder): { readonly subject: string; readonly reason: string } {
  return { subject, reason };
}

function contentOfHold(order: HoldOrder): ReturnType<typeof contentOf> & { readonly case?: string } {
  return { ...contentOf(order), ...(order.caseId === null ? {} : { case: order.caseId }) };
}
