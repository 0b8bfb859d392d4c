import type { Pool } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import { draftOfRead, draftOfRefusal, type Question, type Refusal } from '../../../domain/governance/access-drafts.ts';
import type { EventDraft, Json } from '../../../domain/governance/event-draft.ts';
import { parseNote, type Checkpoint } from '../../../domain/governance/checkpoint.ts';
import type { EventQuery, StoredEvent } from '../../../domain/governance/event-query.ts';
import { verifyInclusion } from '../../../domain/governance/merkle-proof.ts';
import type { Primitives } from '../../../domain/governance/primitives.ts';
import type { DataKeys } from '../../crypto/envelope.ts';
import { query } from '../query.ts';
import type { EvidenceParts } from '../rollout-store.ts';
import { awaitCheckpoint } from './await-checkpoint.ts';
import { exportLedger, openPayloads } from './export-ledger.ts';
import { originOf } from './open-ledger.ts';
import { proveContinued } from './prove-continued.ts';
import { createProver } from './prove.ts';
import { queryEvents } from './query-events.ts';
import { namesOf } from './principals.ts';
import { sampleRead } from './sample-read.ts';
import { mayKeepCheckpoints, signCheckpoint, type CheckpointSigner, type SignedCheckpoint } from './sign-checkpoint.ts';

/** What a reader of the ledger is made of. */
interface ReaderParts extends EvidenceParts {
  readonly primitives: Primitives;
  /** Null on a machine that does not sign: then it waits for one that does. */
  readonly signing: { readonly pool: Pool; readonly signer: () => Promise<CheckpointSigner> } | null;
  readonly keys: DataKeys;
  /** Chance that a query is an event itself, 0 to 1. */
  readonly readSample: number;
}

/** Who reads: it is written down. */
export interface ReadOrder {
  readonly actor: string;
}

/** Reads the ledger. Who takes evidence out of it, or opens a payload, leaves an event. */
export function createLedgerReader(parts: ReaderParts) {
  const { pool, primitives, keys } = parts;
  return {
    async *export(
      order: ReadOrder & { readonly chosen: Pick<EventQuery, 'from' | 'to' | 'type'>; readonly withPayloads: boolean },
    ) {
      const { chosen, withPayloads } = order;
      const origin = await originOf(pool);
      await recordRead(parts, order, 'audit.exported', `ledger/${origin}`, {
        facts: { from: chosen.from ?? null, to: chosen.to ?? null, payloads: withPayloads },
        // What somebody typed, in a form that leaves room for words.
        ...(chosen.type === undefined ? {} : { payload: { type: chosen.type } }),
      });
      const checkpoint = await coverAll(parts);
      yield* exportLedger(pool, primitives, checkpoint, { chosen, payloads: withPayloads ? { origin, keys } : null });
    },

    async query(asked: EventQuery, page: Parameters<typeof queryEvents>[2], order: ReadOrder) {
      // Each page: whoever asks says where it begins, and could call the whole log a further one.
      await sampleQuestion(parts, order, questionOf(asked, page.after));
      return await queryEvents(pool, await withPrincipals(pool, asked), page);
    },

    async event(sequence: number, order: ReadOrder & { readonly withPayload: boolean }) {
      const page = await queryEvents(
        pool,
        { from: sequence, to: sequence },
        { isNewestFirst: false, after: null, limit: 1 },
      );
      const [stored] = page.events;
      if (stored === undefined) return null;
      const origin = await originOf(pool);
      if (order.withPayload)
        await recordRead(parts, order, 'audit.payload-read', `ledger/${origin}/${sequence}`, { facts: {} });
      else await sampleQuestion(parts, order, questionOf({ from: sequence, to: sequence }));
      const { note, size } = await coverAll(parts);
      const proof = await createProver(pool, primitives.nodeHash, size).prove(sequence);
      assertProven(primitives, stored, { note, size, proof });
      const event = JSON.parse(stored.canonical) as { readonly [name: string]: Json };
      const payloads = order.withPayload ? await openPayloads(pool, [stored], { origin, keys }) : null;
      const hasPayload = payloads !== null && event['commitment'] !== undefined;
      return {
        event,
        leafHash: stored.leafHash,
        proof,
        checkpoint: note,
        ...(hasPayload ? { payload: payloads.get(sequence)?.payload ?? null } : {}),
      };
    },

    /** Two checkpoints of this log, of whatever age: where the later one does not continue the other, one of them is of another history. */
    async proveContinued(asked: { readonly earlier: Checkpoint; readonly now: Checkpoint }, order: ReadOrder) {
      const { earlier, now } = asked;
      await sampleQuestion(parts, order, { facts: { earlier: earlier.size, size: now.size } });
      return await proveContinued(pool, primitives.nodeHash, asked);
    },

    refused: async ({ actor, ...refusal }: Refusal & ReadOrder) =>
      void (await parts.ledger.append(draftOfRefusal(refusal, await parts.principals.actor(actor)))),

    names: async (ids: readonly string[]) => await namesOf(pool, ids),
  };
}

/** An actor may be asked for by name: whoever has it, by whatever they sign in with. */
async function withPrincipals(pool: Pool, asked: EventQuery): Promise<EventQuery> {
  if (typeof asked.actor !== 'string') return asked;
  const rows = await query<{ id: string }>(pool, 'SELECT principal_id AS id FROM principal WHERE name = $1', [
    asked.actor,
  ]);
  const [first, ...others] = rows.map(({ id }) => id);
  if (first === undefined) return asked;
  return { ...asked, actor: others.length === 0 ? first : [first, ...others] };
}

/** Written before anything is read: no event, no reading. */
async function recordRead(
  { ledger, principals }: EvidenceParts,
  { actor }: ReadOrder,
  type: Parameters<typeof draftOfRead>[0],
  resource: string,
  question: Question,
): Promise<void> {
  await ledger.append(draftOfRead(type, resource, question, await principals.actor(actor)));
}

async function sampleQuestion(parts: ReaderParts, { actor }: ReadOrder, question: Question): Promise<void> {
  await sampleRead(parts, parts.readSample, async () => {
    const resource = `ledger/${await originOf(parts.pool)}`;
    return draftOfRead('audit.queried', resource, question, await parts.principals.actor(actor));
  });
}

/** What was asked for. What people type may be about a person: it is sealed, and the log has how many words there were. */
function questionOf(
  { actor, framework, resource, type, words, ...asked }: EventQuery,
  after: number | null = null,
): Question {
  const typed = given({ actor, framework, resource, type, words });
  const facts = { ...given({ ...asked, after }), words: words?.length ?? 0 };
  return Object.keys(typed).length === 0 ? { facts } : { facts, payload: typed };
}

function given(asked: object): NonNullable<EventDraft['facts']> {
  const entries = Object.entries(asked).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries<Json>(entries);
}

/** A checkpoint was signed over what the event said then, and not over what its row says now. @throws LEDGER_TAMPERED */
function assertProven(
  primitives: Primitives,
  { canonical, leafHash, sequence }: StoredEvent,
  { note, proof, size }: SignedCheckpoint & { readonly proof: readonly string[] },
): void {
  const root = parseNote(primitives, note)?.checkpoint.root ?? '';
  const claim = { leafHash: primitives.leafHash(canonical), index: sequence, size, root };
  if (claim.leafHash === leafHash && verifyInclusion(primitives.nodeHash, claim, proof)) return;
  throw new MlopsError('LEDGER_TAMPERED', { problem: `event ${sequence} is not what its checkpoint was signed over` });
}

/** A checkpoint over everything that is committed now: signed here, or waited for where this machine has no key or its login may not sign. */
async function coverAll({ pool, primitives, signing }: ReaderParts): Promise<SignedCheckpoint> {
  if (signing === null || !(await mayKeepCheckpoints(signing.pool))) return await awaitCheckpoint(pool);
  return await signCheckpoint(signing.pool, primitives, await signing.signer());
}
