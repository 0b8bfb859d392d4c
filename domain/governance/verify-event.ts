import { canonicalJson, parseCanonical } from './canonical-json.ts';
import type { Checkpoint } from './checkpoint.ts';
import { LARGEST_EVENT, problemOfEvent, type LedgerEvent } from './event.ts';
import { parseLine, type ExportHeader, type ExportLine } from './export-format.ts';
import { verifyInclusion } from './merkle-proof.ts';
import { NO_LEAF, type Primitives } from './primitives.ts';
import type { ExportProblem, FileLine } from './verify-export.ts';

/** Checks the event lines of an export, one after the other. */
export interface EventCheck {
  /** Lines that were right so far. */
  readonly right: number;
  readonly payloads: { readonly opened: number; readonly withheld: number };
  /** Returns the leaf hash, or the first rule that the line breaks. */
  read(line: FileLine): string | ExportProblem;
}

/** The line before, as far as the next one is compared with it. */
interface Before {
  readonly sequence: number;
  readonly leafHash: string;
  readonly recordedAt: string;
}

/** The rule that an event breaks. */
type Broken = Pick<ExportProblem, 'code' | 'message'>;

const SALT_BYTES = 32;

/** Steps 4 to 12 of ledger-format §8. */
export function createEventCheck(primitives: Primitives, header: ExportHeader, checkpoint: Checkpoint): EventCheck {
  const payloads = { opened: 0, withheld: 0 };
  const isFull = header.kind === 'full';
  let right = 0;
  let before: Before | null = null;

  const examine = (line: ExportLine): Broken | { readonly event: LedgerEvent } => {
    const parsed = parseCanonical(line.canonical);
    if (parsed === null) return { code: 'CANONICAL', message: 'canonical is not the canonical text of a value' };
    const problem = problemOfEvent(parsed.value);
    if (problem !== null) return { code: 'EVENT', message: problem };
    const event = parsed.value as LedgerEvent;
    if (event.log !== checkpoint.origin) return { code: 'EVENT', message: `it is of the log ${event.log}` };
    if (event.sequence !== line.sequence) return { code: 'EVENT', message: `its sequence is ${event.sequence}` };
    const leafHash = primitives.leafHash(line.canonical);
    if (line.leafHash !== leafHash) return { code: 'LEAF', message: `its bytes give the leaf hash ${leafHash}` };
    if (!followsOn(event, before))
      return { code: 'PREVIOUS', message: 'previous is not the leaf hash of the one before' };
    if (before !== null && event.recordedAt < before.recordedAt)
      return { code: 'CLOCK', message: `recordedAt is before ${before.recordedAt}` };
    const payload = problemOfPayload(primitives, event, line);
    if (payload !== null) return { code: 'PAYLOAD', message: payload };
    const claim = { leafHash, index: line.sequence, size: checkpoint.size, root: checkpoint.root };
    if (line.proof !== undefined && !verifyInclusion(primitives.nodeHash, claim, line.proof))
      return { code: 'PROOF', message: 'the proof does not lead to the root of the checkpoint' };
    return { event };
  };

  return {
    get right() {
      return right;
    },
    payloads,
    read(text) {
      const expected = isFull ? right : null;
      const line = text.text === null ? text.problem : parseLine(text.text, header.kind);
      if (typeof line === 'string') return { code: 'LINE', sequence: expected, message: line };
      const bytes = primitives.byteLength(line.canonical);
      if (bytes < 1 || bytes > LARGEST_EVENT)
        return {
          code: 'LINE',
          sequence: expected,
          message: `canonical has ${bytes} bytes, wanted 1 to ${LARGEST_EVENT}`,
        };
      const sequence = problemOfSequence(line.sequence, expected, before, checkpoint.size);
      if (sequence !== null) return { code: 'SEQUENCE', sequence: expected ?? line.sequence, message: sequence };
      const found = examine(line);
      if ('code' in found) return { ...found, sequence: line.sequence };
      const { event } = found;
      payloads[line.opened === undefined ? 'withheld' : 'opened'] += event.commitment === undefined ? 0 : 1;
      before = { sequence: line.sequence, leafHash: line.leafHash, recordedAt: event.recordedAt };
      right += 1;
      return line.leafHash;
    },
  };
}

/** In a selection the event before may be absent; then only event 0 is known to follow on nothing. */
function followsOn(event: LedgerEvent, before: Before | null): boolean {
  if (event.sequence === 0) return event.previous === NO_LEAF;
  return before?.sequence !== event.sequence - 1 || event.previous === before.leafHash;
}

function problemOfSequence(
  sequence: number,
  expected: number | null,
  before: Before | null,
  size: number,
): string | null {
  if (expected !== null) return sequence === expected ? null : `sequence is ${sequence}, wanted ${expected}`;
  if (sequence >= size) return `sequence is ${sequence}, the checkpoint has ${size} events`;
  return before !== null && sequence <= before.sequence ? `sequence ${sequence} comes after ${before.sequence}` : null;
}

function problemOfPayload(primitives: Primitives, event: LedgerEvent, { opened }: ExportLine): string | null {
  if (opened === undefined) return null;
  if (event.commitment === undefined) return 'there is a payload, but the event has no commitment';
  const salt = primitives.decodeBase64(opened.salt);
  if (salt?.length !== SALT_BYTES) return `salt is not base64 of ${SALT_BYTES} bytes`;
  const commitment = primitives.commitment(salt, canonicalJson(opened.payload));
  return commitment === event.commitment ? null : 'payload and salt do not give the commitment of the event';
}
