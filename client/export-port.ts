import type { Primitives } from '../domain/governance/primitives.ts';
import type { FileLine } from '../domain/governance/verify-export.ts';

/** Port: exports of the ledger as files, and what it takes to verify them. Needs no server. */
export interface ExportFiles {
  readonly primitives: Primitives;
  /** Lines in groups; `-` is standard input. @throws INPUT_UNREADABLE */
  lines(file: string): AsyncIterable<readonly FileLine[]>;
  /** The first line, or as much as it may have. @throws INPUT_UNREADABLE */
  beginning(file: string): Promise<string>;
  /** A small file. @throws INPUT_UNREADABLE */
  text(file: string): Promise<string>;
}
