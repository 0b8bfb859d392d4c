import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FromSomewhere } from '../../domain/governance/act-source.ts';
import type { SignedStatement } from '../../domain/governance/statement.ts';
import type { LiveSplit } from '../../domain/rollout/split.ts';
import { appendDurably } from '../files/durable-file.ts';

/** One line of the journal of emergency rollbacks: the intent first, then what was verified. */
export interface JournalEntry extends FromSomewhere {
  /** Unique: makes ingesting a line twice harmless. */
  readonly id: string;
  readonly idempotencyKey: string;
  readonly stage: 'intent' | 'done';
  readonly at: string;
  readonly model: string;
  readonly actor: string;
  /** Shows that it was this actor, who signed model and reason; absent when nothing was signed. */
  readonly statement?: SignedStatement;
  readonly reason: string;
  readonly before: LiveSplit | null;
  readonly after: LiveSplit | null;
}

export function journalFileOf(stateDirectory: string): string {
  return join(stateDirectory, 'journal', 'emergency.jsonl');
}

/** An entry as it stands in the journal. */
export function lineOf(entry: JournalEntry): string {
  return JSON.stringify(entry);
}

/** Adds a line, flushed to disk before it returns. */
export async function appendJournal(file: string, entry: JournalEntry): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await appendDurably(file, `${lineOf(entry)}\n`);
}

/** Every whole line; one that was cut off by a crash is left out. */
export async function readJournal(file: string): Promise<JournalEntry[]> {
  if (!existsSync(file)) return [];
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as JournalEntry];
    } catch {
      return [];
    }
  });
}
