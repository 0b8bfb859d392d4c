import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';

/** Where values come from, later layers winning. */
export interface Layer {
  /** 'defaults', or a file relative to the working directory */
  readonly name: string;
  readonly value: Record<string, unknown>;
  /** Line of each key, and of each entry of a list by its number, by dotted path. */
  readonly lines: ReadonlyMap<string, number>;
}

/** A file that could not be read as YAML. */
export interface LayerProblem {
  readonly problem: string;
}

/** Reads a YAML file with the line of each key; null when there is none. */
export function readLayer(file: string, workingDirectory: string): Layer | LayerProblem | null {
  if (!existsSync(file)) return null;
  const name = relative(workingDirectory, file) || file;
  const counter = new LineCounter();
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: counter, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined)
    return { problem: `${name}:${error.linePos?.[0].line ?? 1}: ${error.message.split('\n')[0]}` };
  const value = document.toJS() as unknown;
  if (value === null) return { name, value: {}, lines: new Map() };
  if (typeof value !== 'object' || Array.isArray(value)) return { problem: `${name}:1: wanted keys and values` };
  return { name, value: value as Record<string, unknown>, lines: linesOf(document, counter) };
}

/** The nearest `mlops.yaml` from a folder upward, or null. */
export function findProjectFile(workingDirectory: string): string | null {
  for (let folder = resolve(workingDirectory); ; folder = dirname(folder)) {
    const file = join(folder, 'mlops.yaml');
    if (existsSync(file)) return file;
    if (folder === dirname(folder)) return null;
  }
}

/** Merges objects key by key; lists and plain values are replaced. */
export function mergeValues(base: unknown, over: unknown): unknown {
  if (!isRecord(base) || !isRecord(over)) return over;
  const changed = Object.entries(over).map(([key, value]): [string, unknown] => [
    key,
    Object.hasOwn(base, key) ? mergeValues(base[key], value) : value,
  ]);
  return Object.fromEntries([...Object.entries(base), ...changed]);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function linesOf(document: Document, counter: LineCounter): Map<string, number> {
  const lines = new Map<string, number>();
  const note = (path: string, name: string, start: number, value: unknown): void => {
    const full = path === '' ? name : `${path}.${name}`;
    lines.set(full, counter.linePos(start).line);
    visit(value, full);
  };
  const visit = (node: unknown, path: string): void => {
    if (isMap(node)) {
      for (const { key, value } of node.items)
        if (isScalar(key) && key.range) note(path, String(key.value), key.range[0], value);
    } else if (isSeq(node)) {
      for (const [index, item] of node.items.entries())
        if (isNode(item) && item.range) note(path, String(index), item.range[0], item);
    }
  };
  visit(document.contents, '');
  return lines;
}
