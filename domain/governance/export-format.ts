import { canonicalJson, parseCanonical } from './canonical-json.ts';
import { isSequence } from './event.ts';
import { isHash } from './primitives.ts';

export const EXPORT_FORMAT = 'durable-mlops/audit-export@1';

/** Bytes of the first line, LF included. */
export const LARGEST_HEADER = 65_536;
/** Bytes of any further line, LF included. */
export const LARGEST_LINE = 16_777_216;

/** First line of an export. */
export interface ExportHeader {
  /** Every event of the log, or some with a proof each. */
  readonly kind: 'full' | 'selection';
  /** Lines that follow. */
  readonly events: number;
  /** The signed note. */
  readonly checkpoint: string;
}

/** One event of an export. */
export interface ExportLine {
  readonly sequence: number;
  readonly leafHash: string;
  /** The canonical text of the event. */
  readonly canonical: string;
  /** Absent when the payload is withheld. */
  readonly opened?: { readonly payload: unknown; readonly salt: string };
  /** Absent in a full export. */
  readonly proof?: readonly string[];
}

/** The first line, LF included. */
export function formatHeader({ kind, events, checkpoint }: ExportHeader): string {
  return `${canonicalJson({ format: EXPORT_FORMAT, kind, events, checkpoint })}\n`;
}

/** A line of one event, LF included. */
export function formatLine({ opened, ...line }: ExportLine): string {
  return `${canonicalJson({ ...line, ...opened })}\n`;
}

/** Reads a first line (without LF), or says what is wrong with it. */
export function parseHeader(text: string): ExportHeader | string {
  const value = membersOf(text);
  if (value === null) return 'the first line is not the canonical text of an object';
  const { checkpoint, events, format, kind } = value;
  if (!hasExactly(value, ['checkpoint', 'events', 'format', 'kind']))
    return 'the first line must have exactly the members checkpoint, events, format and kind';
  if (format !== EXPORT_FORMAT) return `format is ${shown(format)}, wanted ${EXPORT_FORMAT}`;
  if (kind !== 'full' && kind !== 'selection') return `kind is ${shown(kind)}, wanted full or selection`;
  if (!isSequence(events)) return `events is ${shown(events)}, wanted an integer from 0 on`;
  if (typeof checkpoint !== 'string') return 'checkpoint is not a text';
  return { kind, events, checkpoint };
}

/** Reads an event line (without LF), or says what is wrong with its form. */
export function parseLine(text: string, kind: ExportHeader['kind']): ExportLine | string {
  const value = membersOf(text);
  if (value === null) return 'it is not the canonical text of an object';
  const isOpened = Object.hasOwn(value, 'payload') || Object.hasOwn(value, 'salt');
  const wanted = [
    'canonical',
    'leafHash',
    ...(isOpened ? ['payload'] : []),
    ...(kind === 'selection' ? ['proof'] : []),
    ...(isOpened ? ['salt'] : []),
    'sequence',
  ];
  if (!hasExactly(value, wanted)) return `its members must be exactly ${wanted.join(', ')}`;
  const { canonical, leafHash, payload, proof, salt, sequence } = value;
  if (!isSequence(sequence)) return 'sequence is not an integer from 0 on';
  if (!isHash(leafHash)) return 'leafHash is not 64 hex digits';
  if (typeof canonical !== 'string') return 'canonical is not a text';
  if (isOpened && typeof salt !== 'string') return 'salt is not a text';
  if (proof !== undefined && !isProof(proof)) return 'proof is not a list of hashes';
  return {
    sequence,
    leafHash,
    canonical,
    ...(isOpened ? { opened: { payload, salt: String(salt) } } : {}),
    ...(proof === undefined ? {} : { proof }),
  };
}

function membersOf(text: string): Readonly<Record<string, unknown>> | null {
  const value = parseCanonical(text)?.value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return value as Record<string, unknown>;
}

/** Members come sorted: the text was canonical. */
function hasExactly(value: object, sortedNames: readonly string[]): boolean {
  const names = Object.keys(value);
  return names.length === sortedNames.length && names.every((name, at) => name === sortedNames[at]);
}

function isProof(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isHash);
}

function shown(value: unknown): string {
  return JSON.stringify(value).slice(0, 60);
}
