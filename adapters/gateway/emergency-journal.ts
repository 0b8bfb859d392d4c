import { existsSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FromSomewhere } from '../../domain/governance/act-source.ts';
import { EMERGENCY_STAGES, type EmergencyStage, type UnreadableLine } from '../../domain/governance/rollout-drafts.ts';
import type { SignedStatement } from '../../domain/governance/statement.ts';
import type { LiveSplit } from '../../domain/rollout/split.ts';
import { isObject, parseJsonObject } from '../../domain/json-object.ts';
import { sha256Of } from '../crypto/sha256.ts';
import { appendDurably } from '../files/durable-file.ts';

/** One line of the journal of emergency rollbacks: the intent first, then what was verified. */
export interface JournalEntry extends FromSomewhere {
  /** Unique: makes ingesting a line twice harmless. */
  readonly id: string;
  readonly idempotencyKey: string;
  readonly stage: EmergencyStage;
  readonly at: string;
  readonly model: string;
  readonly actor: string;
  /** Shows that it was this actor, who signed model and reason; absent when nothing was signed. */
  readonly statement?: SignedStatement;
  readonly reason: string;
  readonly before: LiveSplit | null;
  readonly after: LiveSplit | null;
}

const STAGES: readonly unknown[] = EMERGENCY_STAGES;
const LF = 0x0a;

export function journalFileOf(stateDirectory: string): string {
  return join(stateDirectory, 'journal', 'emergency.jsonl');
}

/** An entry as it stands in the journal. */
export function lineOf(entry: JournalEntry): string {
  return JSON.stringify(entry);
}

/** Adds a line of its own, flushed to disk before it returns: one that a full disk or a crash has cut off is left as it is. */
export async function appendJournal(file: string, entry: JournalEntry): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await appendDurably(file, `${(await isCutOff(file)) ? '\n' : ''}${lineOf(entry)}\n`);
}

async function isCutOff(file: string): Promise<boolean> {
  if (!existsSync(file)) return false;
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
    return size > 0 && buffer[0] !== LF;
  } finally {
    await handle.close();
  }
}

/** What a journal says. */
export interface Journal {
  readonly entries: readonly JournalEntry[];
  /** Lines that are no entry: cut off, or changed. What they say is not repeated: it may be about a person. */
  readonly unreadable: readonly UnreadableLine[];
}

/** Every line. The last one may be being written as long as it is not ended: it counts when it is an entry. */
export async function readJournal(file: string): Promise<Journal> {
  if (!existsSync(file)) return { entries: [], unreadable: [] };
  const lines = (await readFile(file, 'utf8')).split('\n');
  const entries: JournalEntry[] = [];
  const unreadable: UnreadableLine[] = [];
  for (const [at, text] of lines.entries()) {
    const entry = parseEntry(text);
    if (entry !== null) entries.push(entry);
    else if (text !== '' && at < lines.length - 1)
      unreadable.push({ line: at + 1, bytes: Buffer.byteLength(text), digest: sha256Of(text) });
  }
  return { entries, unreadable };
}

/** Only what the log needs is looked at: the rest has grown with time. */
function parseEntry(text: string): JournalEntry | null {
  const entry = parseJsonObject(text);
  if (entry === null || !STAGES.includes(entry['stage'])) return null;
  const { actor, after, at, id, model, reason } = entry;
  const isSaid = [actor, at, id, model, reason].every((one) => typeof one === 'string') && id !== '' && model !== '';
  if (!isSaid || Number.isNaN(Date.parse(String(at))) || !(after === null || isObject(after))) return null;
  return entry as unknown as JournalEntry;
}
