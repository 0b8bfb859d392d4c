import { resolve } from 'node:path';
import { MlopsError } from '../../domain/errors.ts';
import { parseNote, type Checkpoint } from '../../domain/governance/checkpoint.ts';
import type { ConsistencyProof } from '../../domain/governance/consistency-proof.ts';
import type { StoredEvent } from '../../domain/governance/event-query.ts';
import type { ExportCheck } from '../../domain/governance/verify-export.ts';
import type { ExportFiles } from '../export-port.ts';
import type { CurrentIdentity } from '../identity-port.ts';
import { LEDGER_RESOURCE, type LedgerReader, type ProvenEvent } from '../ledger-port.ts';
import { parseInput, WHOLE } from '../parse-input.ts';
import { writeFileWhole } from '../write-file-whole.ts';
import {
  EVENT,
  EXPORT,
  EXPORT_FILE,
  PROOF,
  queryOf,
  QUERY,
  STREAM,
  VERIFICATION,
  type AuditQuery,
  type ExportChoice,
  type ProofOrder,
  type Verification,
} from './audit-input.ts';
import { ownKeyFiles } from './own-keys.ts';
import { noteIn, readTrustedKeys, verifyFile } from './verify-file.ts';

/** An event as it is hashed, with its leaf hash (hex); more of it stands beside these names (docs/reference/ledger-format.md). */
export interface AuditEvent {
  readonly sequence: number;
  /** ISO 8601, UTC */
  readonly recordedAt: string;
  readonly type: string;
  readonly actor: { readonly id: string };
  readonly resource: string;
  readonly risk: string;
  readonly leafHash: string;
}

/** One page of events. */
export interface AuditPage {
  readonly events: readonly AuditEvent[];
  /** `after` of the next page; null: there are no more. */
  readonly cursor: number | null;
}

/** A file that was written. */
export interface WrittenExport {
  readonly file: string;
  readonly events: number;
  readonly bytes: number;
}

/**
 * The evidence ledger for programs: what the commands of `audit` do. Every verb but `verify`, which needs no server, may throw
 * USAGE_INVALID, NOT_AUTHENTICATED, NOT_AUTHORISED and DATABASE_UNREACHABLE.
 */
export interface AuditVerbs {
  /** One page of the events that meet every condition, newest first. `limit` is 1 to 10,000, 50 by default. */
  query(asked?: AuditQuery): Promise<AuditPage>;
  /** All events that meet every condition, page after page; with `limit` at most so many. */
  events(asked?: AuditQuery): AsyncIterable<AuditEvent>;
  /** One event with the proof that it is in the log. @throws EVENT_NOT_FOUND, LEDGER_CLOSED, LEDGER_UNSIGNED, LEDGER_TAMPERED */
  event(sequence: number, options?: { readonly withPayload?: boolean }): Promise<ProvenEvent>;
  /**
   * The ledger, or a selection of it, as lines that each end with a newline: anybody can verify them without us. That it was
   * exported is an event itself.
   *
   * @throws LEDGER_CLOSED, LEDGER_UNSIGNED, LEDGER_TAMPERED
   */
  export(chosen?: ExportChoice): AsyncIterable<string>;
  /** The same as a file, which appears when it is whole; `bytes` are those of the file. @throws OUTPUT_UNWRITABLE, and as export */
  exportTo(file: string, chosen?: ExportChoice): Promise<WrittenExport>;
  /**
   * Proves that the checkpoint of an export continues an earlier one: what `verify` takes of a selection beside both. The log is
   * asked for hashes, and believed nothing.
   *
   * @throws INPUT_UNREADABLE, LEDGER_TAMPERED when it does not continue it
   */
  prove(order: ProofOrder): Promise<ConsistencyProof>;
  /**
   * Checks an export, or a folder of segments, with nothing but it and the keys that are trusted. What is wrong with it is in the
   * result, and throws nothing: `valid` says whether it is consistent, `signedBy` by which trusted keys it was signed.
   *
   * @throws USAGE_INVALID, INPUT_UNREADABLE, VERIFIER_KEY_INVALID, CHECKPOINT_OF_SELECTION
   */
  verify(order: Verification): Promise<ExportCheck>;
}

/** What the ledger's verbs need of the system. */
export interface AuditVerbParts {
  ledger(): Promise<LedgerReader>;
  identity(): Promise<CurrentIdentity>;
  exportFiles(): Promise<ExportFiles>;
  /** What names of files are relative to. */
  readonly workingDirectory: string;
  /** Absolute path of the folder with the keys of the own ledger. */
  readonly auditDirectory: string;
}

/** Events of a page that is streamed. */
const STREAMED_AT_ONCE = 1000;
const PAGE = 50;

/** The verbs of the ledger, for the command line and for programs. */
export function createAuditVerbs(parts: AuditVerbParts): AuditVerbs {
  return {
    query: async (asked = {}) => {
      const { limit = PAGE, ...order } = parseInput('audit.query', QUERY, asked);
      return await readPage(parts, order, limit);
    },
    events: (asked = {}) => streamEvents(parts, asked),
    event: async (given, options = {}) => {
      const sequence = parseInput('audit.event', WHOLE, given);
      const { withPayload = false } = parseInput('audit.event', EVENT, options);
      const action = withPayload ? 'audit.payload-read' : 'audit.query';
      const claim = (await parts.identity()).claim({ action, resource: LEDGER_RESOURCE, content: sequence });
      const proven = await (await parts.ledger()).event(sequence, { withPayload, ...claim });
      if (proven === null) throw new MlopsError('EVENT_NOT_FOUND', { sequence });
      return proven;
    },
    export: async function* lines(chosen = {}) {
      for await (const group of exportGroups(parts, chosen)) yield* group;
    },
    exportTo: async (given, chosen = {}) => {
      const file = parseInput('audit.exportTo', EXPORT_FILE, given);
      const groups = exportGroups(parts, chosen);
      const { bytes, lines } = await writeFileWhole(parts.workingDirectory, file, groups);
      // The first line is the header.
      return { file, events: lines - 1, bytes };
    },
    prove: async (order) => await prove(parts, parseInput('audit.prove', PROOF, order)),
    verify: async (order) => await verify(parts, parseInput('audit.verify', VERIFICATION, order)),
  };
}

/** Lines of an export in groups, as they are read. @throws as AuditVerbs.export */
export async function* exportGroups(
  parts: Pick<AuditVerbParts, 'identity' | 'ledger'>,
  given: ExportChoice,
): AsyncIterable<readonly string[]> {
  const { payloads = false, ...chosen } = parseInput('audit.export', EXPORT, given);
  const content = { chosen, withPayloads: payloads };
  const action = payloads ? 'audit.payload-read' : 'audit.export';
  const claim = (await parts.identity()).claim({ action, resource: LEDGER_RESOURCE, content });
  yield* (await parts.ledger()).export({ ...content, ...claim });
}

async function readPage(parts: AuditVerbParts, order: Omit<AuditQuery, 'limit'>, limit: number): Promise<AuditPage> {
  const asked = queryOf(order);
  const claim = (await parts.identity()).claim({ action: 'audit.query', resource: LEDGER_RESOURCE, content: asked });
  const page = { isNewestFirst: order.oldestFirst !== true, after: order.after ?? null, limit };
  const { cursor, events } = await (await parts.ledger()).query(asked, page, claim);
  return { events: events.map(eventOf), cursor };
}

/** All of them, unless a limit was given. */
async function* streamEvents(parts: AuditVerbParts, asked: AuditQuery): AsyncIterable<AuditEvent> {
  const { limit = Number.POSITIVE_INFINITY, ...order } = parseInput('audit.events', STREAM, asked);
  let left = limit;
  for (let after = order.after ?? null; left > 0;) {
    const from = after === null ? order : { ...order, after };
    const { cursor, events } = await readPage(parts, from, Math.min(left, STREAMED_AT_ONCE));
    yield* events;
    left -= events.length;
    after = cursor;
    if (after === null) return;
  }
}

function eventOf({ canonical, leafHash }: StoredEvent): AuditEvent {
  return { ...(JSON.parse(canonical) as Omit<AuditEvent, 'leafHash'>), leafHash };
}

/** With the keys that are named, or those that the ledger of this project keeps when none is named at all. */
async function verify(
  parts: AuditVerbParts,
  { checkpoints = [], file, keyFiles = [], keys = [], proofs = [] }: Verification,
): Promise<ExportCheck> {
  const { auditDirectory, workingDirectory } = parts;
  const files = await parts.exportFiles();
  const path = (name: string): string => (name === '-' ? name : resolve(workingDirectory, name));
  const named = keyFiles.length > 0 || keys.length > 0 ? keyFiles.map(path) : ownKeyFiles(auditDirectory);
  const trustedKeys = await readTrustedKeys(files, { keys, keyFiles: named });
  const beside = { checkpoints: checkpoints.map(path), proofs: proofs.map(path) };
  return await verifyFile(files, { file: path(file), trustedKeys, ...beside });
}

async function prove(parts: AuditVerbParts, order: ProofOrder): Promise<ConsistencyProof> {
  const files = await parts.exportFiles();
  const read = async (name: string): Promise<Checkpoint> => {
    const note = parseNote(files.primitives, noteIn(await files.beginning(resolve(parts.workingDirectory, name))));
    if (note === null)
      throw new MlopsError('INPUT_UNREADABLE', { file: name, problem: 'there is no checkpoint in it' });
    return note.checkpoint;
  };
  const content = { earlier: await read(order.checkpoint), now: await read(order.file) };
  const claim = (await parts.identity()).claim({ action: 'audit.query', resource: LEDGER_RESOURCE, content });
  return await (await parts.ledger()).proveContinued(content, claim);
}
