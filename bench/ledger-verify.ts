// Verification of an export, one thread, beside SHA-256 of the same bytes. `--events N`.
import { createHash, hash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { readExport } from '../adapters/ledger/export-files.ts';
import { canonicalJson } from '../domain/governance/canonical-json.ts';
import { formatCheckpoint, formatNote } from '../domain/governance/checkpoint.ts';
import { assembleEvent } from '../domain/governance/event-draft.ts';
import { formatHeader, formatLine } from '../domain/governance/export-format.ts';
import { growTree } from '../domain/governance/merkle-tree.ts';
import { NO_LEAF } from '../domain/governance/primitives.ts';
import { createExportVerifier } from '../domain/governance/verify-export.ts';
import { ORIGIN, primitives, testKey } from '../test/support/ledger.ts';
import { printTable, wholeOption } from './support/report.ts';

const EVENTS = wholeOption('events', 1_000_000);
const KEY = testKey(1);

const folder = mkdtempSync(join(tmpdir(), 'mlops-ledger-'));
try {
  const body = join(folder, 'export.jsonl');
  await write(body);
  const bytes = statSync(body).size;

  let began = performance.now();
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(body, { highWaterMark: 1024 * 1024 })) digest.update(chunk as Buffer);
  const plain = performance.now() - began;

  began = performance.now();
  const verifier = createExportVerifier(primitives, { trustedKeys: [KEY], earlier: [] });
  for await (const lines of readExport(body)) for (const line of lines) verifier.read(line);
  const check = verifier.finish();
  const verified = performance.now() - began;
  if (!check.valid || check.events !== EVENTS) throw new Error(JSON.stringify(check.problems));

  printTable(
    `Verification of ${EVENTS} events (${(bytes / 1e6).toFixed(0)} MB), one thread`,
    ['work', 'time', 'per event', 'of 10,000,000 events', 'wanted'],
    [
      ['SHA-256 of the file (baseline)', ...times(plain), '-'],
      ['verification', ...times(verified), '≤ 120 s'],
    ],
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function times(ms: number): string[] {
  return [
    `${(ms / 1000).toFixed(2)} s`,
    `${((1000 * ms) / EVENTS).toFixed(2)} µs`,
    `${((ms / EVENTS) * 1e4).toFixed(0)} s`,
  ];
}

/** The header comes first and holds the root, so the events are made twice. */
async function write(file: string): Promise<void> {
  const tree = growTree(primitives.nodeHash);
  for (const { leafHash } of events()) tree.append(leafHash);
  const text = formatCheckpoint(primitives, { origin: ORIGIN, size: EVENTS, root: tree.root() });
  const note = formatNote(primitives, text, [{ key: KEY, signature: KEY.sign(text) }]);
  const stream = createWriteStream(file);
  stream.write(formatHeader({ kind: 'full', events: EVENTS, checkpoint: note }));
  let lines: string[] = [];
  for (const line of events()) {
    lines.push(formatLine(line));
    if (lines.length < 2000) continue;
    if (!stream.write(lines.join(''))) await once(stream, 'drain');
    lines = [];
  }
  stream.end(lines.join(''));
  await once(stream, 'finish');
}

function* events(): Generator<{ sequence: number; canonical: string; leafHash: string }> {
  let previous = NO_LEAF;
  for (let sequence = 0; sequence < EVENTS; sequence += 1) {
    const canonical = canonicalJson(
      assembleEvent(
        {
          type: 'rollout.judged',
          category: 'model_deployment',
          actor: { id: 'system:judge', kind: 'workflow', authentication: 'process' },
          resource: `rollout/production/model-${sequence % 20}`,
          risk: 'low',
          frameworks: ['iso27001', 'soc2'],
          requestId: `run-${sequence % 500}`,
          facts: { tick: sequence, decision: 'undecided', rowDigest: hash('sha256', `row ${sequence}`) },
        },
        {
          log: ORIGIN,
          sequence,
          previous,
          recordedAt: new Date(1.8e12 + 10 * sequence).toISOString(),
          commitment: null,
        },
      ),
    );
    previous = primitives.leafHash(canonical);
    yield { sequence, canonical, leafHash: previous };
  }
}
