import { checkNote, parseNote, type Checkpoint, type SignedNote } from './checkpoint.ts';
import { continues, type ConsistencyProof } from './consistency-proof.ts';
import { createEventCheck, type EventCheck } from './verify-event.ts';
import { parseHeader, type ExportHeader } from './export-format.ts';
import { growTree } from './merkle-tree.ts';
import type { Primitives } from './primitives.ts';
import type { VerifierKey } from './verifier-key.ts';

/** The rules of ledger-format §8, by the code of their problem. */
export type ExportProblemCode =
  | 'HEADER'
  | 'NOTE'
  | 'SIGNATURE'
  | 'KEY_UNKNOWN'
  | 'LINE'
  | 'SEQUENCE'
  | 'CANONICAL'
  | 'EVENT'
  | 'LEAF'
  | 'PREVIOUS'
  | 'CLOCK'
  | 'PAYLOAD'
  | 'PROOF'
  | 'COUNT'
  | 'ROOT'
  | 'CONSISTENCY';

export interface ExportProblem {
  readonly code: ExportProblemCode;
  readonly sequence: number | null;
  readonly message: string;
}

/** What the verification of an export showed. */
export interface ExportCheck {
  /** Whether there is no problem. */
  readonly valid: boolean;
  /** Null as long as the file does not say it: the checks before have failed. */
  readonly origin: string | null;
  readonly size: number | null;
  readonly rootHash: string | null;
  readonly kind: ExportHeader['kind'] | null;
  /** Event lines that were right. */
  readonly events: number;
  /** `<name>+<key id>` of each trusted key that signed. */
  readonly signedBy: readonly string[];
  readonly payloads: { readonly opened: number; readonly withheld: number };
  readonly firstFailedSequence: number | null;
  readonly problems: readonly ExportProblem[];
}

/** One line of a file; `text` is null when it is not UTF-8, too long or not ended by LF, and `problem` says which. */
export type FileLine = { readonly text: string } | { readonly text: null; readonly problem: string };

export interface VerifyOptions {
  /** None: whether a trusted key signed is not asked. */
  readonly trustedKeys: readonly VerifierKey[];
  /** Notes of earlier checkpoints that the file must continue. */
  readonly earlier: readonly string[];
  /** What shows that of a selection: it has too few events to. */
  readonly proofs?: readonly ConsistencyProof[];
}

/** Verifies an export line by line. Memory does not grow with the number of lines. */
export interface ExportVerifier {
  /** Set when further lines would change nothing: reading may stop. */
  readonly isDone: boolean;
  /** Known once the first line was read. */
  readonly kind: ExportHeader['kind'] | null;
  read(line: FileLine): void;
  finish(): ExportCheck;
}

/** Applies the rules of ledger-format §8 in their order. Pure: the same lines give the same verdict on any machine. */
export function createExportVerifier(primitives: Primitives, options: VerifyOptions): ExportVerifier {
  const earlier = options.earlier.map((note) => parseNote(primitives, note));
  const roots = createRootMemory(primitives, earlier);
  const problems: ExportProblem[] = [];
  let opening: Opening | null = null;
  let events: EventCheck | null = null;
  let isDone = false;
  /** An event line broke a rule: what is said of all of them would say nothing. */
  let isBroken = false;

  const open = (line: FileLine): void => {
    const opened = openExport(primitives, line, options.trustedKeys);
    problems.push(...opened.problems);
    opening = opened.opening;
    isDone = opening === null;
    if (opening !== null) events = createEventCheck(primitives, opening.header, opening.checkpoint);
  };
  const readEvent = (line: FileLine, { kind, events: announced }: ExportHeader, check: EventCheck): void => {
    const result = check.right === announced ? surplusLine(kind, announced) : check.read(line);
    if (typeof result === 'string') {
      if (kind === 'full') roots.append(result);
      return;
    }
    problems.push(result);
    isDone = true;
    isBroken = true;
  };

  return {
    get isDone() {
      return isDone;
    },
    get kind() {
      return opening?.header.kind ?? null;
    },
    read(line) {
      if (isDone) return;
      if (opening === null || events === null) open(line);
      else readEvent(line, opening.header, events);
    },
    finish() {
      if (opening === null && problems.length === 0) problems.push(problem('HEADER', 'the file is empty'));
      if (opening !== null && events !== null && !isBroken) {
        const { checkpoint, header } = opening;
        const continued = (one: Checkpoint): boolean =>
          header.kind === 'full'
            ? roots.at(one.size) === one.root
            : continues(primitives.nodeHash, { earlier: one, now: checkpoint }, options.proofs ?? []);
        const end = checkEnd(opening, events.right, roots.last());
        const before =
          end.length > 0 ? [] : earlier.flatMap((n) => checkEarlier(primitives, n, checkpoint, continued, options));
        problems.push(...end, ...before);
      }
      return summarize(opening, events, problems);
    },
  };
}

/** The tree over the lines so far, with its roots at the sizes that will be asked for. */
interface RootMemory {
  append(leafHash: string): void;
  last(): string;
  at(size: number): string | undefined;
}

function createRootMemory(primitives: Primitives, earlier: readonly (SignedNote | null)[]): RootMemory {
  const tree = growTree(primitives.nodeHash);
  const wanted = new Set(earlier.map((note) => note?.checkpoint.size));
  const roots = new Map<number, string>([[0, tree.root()]]);
  return {
    append(leafHash) {
      tree.append(leafHash);
      if (wanted.has(tree.size)) roots.set(tree.size, tree.root());
    },
    last: () => tree.root(),
    at: (size) => roots.get(size),
  };
}

function problem(code: ExportProblemCode, message: string, sequence: number | null = null): ExportProblem {
  return { code, sequence, message };
}

/** Step 13, first half. */
function surplusLine(kind: ExportHeader['kind'], announced: number): ExportProblem {
  return problem('COUNT', `there is a line after the ${announced} announced`, kind === 'full' ? announced : null);
}

/** What the first line says, once it is sound. */
interface Opening {
  readonly header: ExportHeader;
  readonly checkpoint: Checkpoint;
  readonly signedBy: readonly string[];
}

/** Steps 1 to 3. */
function openExport(
  primitives: Primitives,
  line: FileLine,
  trusted: readonly VerifierKey[],
): { readonly opening: Opening | null; readonly problems: readonly ExportProblem[] } {
  const stop = (code: ExportProblemCode, message: string) => ({ opening: null, problems: [problem(code, message)] });
  const header = line.text === null ? line.problem : parseHeader(line.text);
  if (typeof header === 'string') return stop('HEADER', header);
  const note = parseNote(primitives, header.checkpoint);
  if (note === null) return stop('NOTE', 'the checkpoint is not a signed note with origin, size and root');
  const { checkpoint } = note;
  const fits = header.kind === 'full' ? header.events === checkpoint.size : header.events <= checkpoint.size;
  if (!fits) return stop('HEADER', `${header.events} events are announced, the checkpoint has ${checkpoint.size}`);
  const { signedBy, problem: signature } = checkNote(primitives, note, trusted);
  return {
    opening: { header, checkpoint, signedBy },
    problems: signature === null ? [] : [problem(signature.code, signature.message)],
  };
}

/** Step 13, second half, and 14. */
function checkEnd({ header, checkpoint }: Opening, right: number, root: string): ExportProblem[] {
  const isFull = header.kind === 'full';
  if (right < header.events)
    return [problem('COUNT', `${header.events} events are announced, ${right} are there`, isFull ? right : null)];
  if (!isFull || root === checkpoint.root) return [];
  return [problem('ROOT', `the events give the root ${root}, the checkpoint has ${checkpoint.root}`)];
}

/** Step 15. */
function checkEarlier(
  primitives: Primitives,
  note: SignedNote | null,
  now: Checkpoint,
  isContinued: (earlier: Checkpoint) => boolean,
  { trustedKeys }: VerifyOptions,
): ExportProblem[] {
  if (note === null) return [problem('NOTE', 'an earlier checkpoint is not a signed note with origin, size and root')];
  const signature = checkNote(primitives, note, trustedKeys).problem;
  const difference = differenceOf(note.checkpoint, now, isContinued);
  return [
    ...(signature === null ? [] : [problem(signature.code, `earlier checkpoint: ${signature.message}`)]),
    ...(difference === null ? [] : [problem('CONSISTENCY', difference)]),
  ];
}

function differenceOf(
  earlier: Checkpoint,
  now: Checkpoint,
  isContinued: (earlier: Checkpoint) => boolean,
): string | null {
  const { origin, size } = earlier;
  if (origin !== now.origin) return `the earlier checkpoint is of the log ${origin}, this is ${now.origin}`;
  if (size > now.size) return `the earlier checkpoint has ${size} events, this one only ${now.size}`;
  return isContinued(earlier) ? null : `the first ${size} events are not shown to be those of the earlier checkpoint`;
}

function summarize(
  opening: Opening | null,
  events: EventCheck | null,
  problems: readonly ExportProblem[],
): ExportCheck {
  const failed = problems.flatMap(({ sequence }) => (sequence === null ? [] : [sequence]));
  return {
    valid: problems.length === 0,
    origin: opening?.checkpoint.origin ?? null,
    size: opening?.checkpoint.size ?? null,
    rootHash: opening?.checkpoint.root ?? null,
    kind: opening?.header.kind ?? null,
    events: events?.right ?? 0,
    signedBy: opening?.signedBy ?? [],
    payloads: events?.payloads ?? { opened: 0, withheld: 0 },
    firstFailedSequence: failed.length === 0 ? null : Math.min(...failed),
    problems,
  };
}
