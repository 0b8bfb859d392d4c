// Ledgers made by hand, to be tampered with: tests of verification know the key, as an attacker inside would.
import { createPrivateKey, sign, createPublicKey } from 'node:crypto';
import { createPrimitives } from '../../adapters/crypto/primitives.ts';
import type { CheckpointSigner } from '../../adapters/postgres/ledger/sign-checkpoint.ts';
import { canonicalJson } from '../../domain/governance/canonical-json.ts';
import { formatCheckpoint, formatNote } from '../../domain/governance/checkpoint.ts';
import { EVENT_FORMAT } from '../../domain/governance/event.ts';
import { formatHeader, formatLine, type ExportLine } from '../../domain/governance/export-format.ts';
import { auditPath } from '../../domain/governance/merkle-proof.ts';
import { growTree } from '../../domain/governance/merkle-tree.ts';
import { NO_LEAF } from '../../domain/governance/primitives.ts';
import type { VerifierKey } from '../../domain/governance/verifier-key.ts';

export const primitives = createPrimitives();
export const ORIGIN = 'test.example/acme/production';

/** A signing key made of one repeated byte. */
export interface TestKey extends VerifierKey {
  sign(text: string): Uint8Array;
}

export function testKey(byte: number, name = ORIGIN): TestKey {
  // PKCS #8 of an Ed25519 seed.
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, byte)]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const publicKey = Buffer.from(x, 'base64url');
  return {
    name,
    id: primitives.keyId(name, publicKey),
    publicKey,
    sign: (text) => sign(null, Buffer.from(text), privateKey),
  };
}

/** Signs checkpoints by a key, on a machine that has filed none. */
export function testSigner(key: TestKey): CheckpointSigner {
  return { origin: key.name, keys: [key], retired: [], filed: async () => await Promise.resolve(null) };
}

export interface TestEvent {
  readonly log: string;
  readonly sequence: number;
  readonly previous: string;
  readonly recordedAt: string;
  readonly type: string;
  readonly resource: string;
}

/** Events that follow on one another, a second apart. */
export function chain(count: number, change: (event: TestEvent) => TestEvent = (event) => event): TestEvent[] {
  const events: TestEvent[] = [];
  let previous = NO_LEAF;
  for (let sequence = 0; sequence < count; sequence += 1) {
    const recordedAt = new Date(Date.UTC(2026, 10, 23, 10, 0, sequence)).toISOString();
    const event = change({
      log: ORIGIN,
      sequence,
      previous,
      recordedAt,
      type: 'test.happened',
      resource: `r/${sequence}`,
    });
    events.push(event);
    previous = lineOf(event).leafHash;
  }
  return events;
}

export function lineOf(event: TestEvent): ExportLine {
  const canonical = canonicalJson({ format: EVENT_FORMAT, ...event });
  return { sequence: event.sequence, leafHash: primitives.leafHash(canonical), canonical };
}

export function rootOf(lines: readonly Pick<ExportLine, 'leafHash'>[]): string {
  const tree = growTree(primitives.nodeHash);
  for (const { leafHash } of lines) tree.append(leafHash);
  return tree.root();
}

/** A note over the lines, signed. */
export function noteOf(lines: readonly Pick<ExportLine, 'leafHash'>[], key: TestKey, origin = ORIGIN): string {
  const text = formatCheckpoint(primitives, { origin, size: lines.length, root: rootOf(lines) });
  return formatNote(primitives, text, [{ key, signature: key.sign(text) }]);
}

/** A full export of the lines under a note. */
export function exportOf(lines: readonly ExportLine[], note: string, announced = lines.length): string {
  return formatHeader({ kind: 'full', events: announced, checkpoint: note }) + lines.map(formatLine).join('');
}

/** A selection of the lines with their proofs. */
export function selectionOf(lines: readonly ExportLine[], chosen: readonly number[], note: string): string {
  const picked = lines
    .filter(({ sequence }) => chosen.includes(sequence))
    .map((line) => ({ ...line, proof: proofOf(lines, line.sequence) }));
  return formatHeader({ kind: 'selection', events: picked.length, checkpoint: note }) + picked.map(formatLine).join('');
}

function proofOf(lines: readonly ExportLine[], index: number): string[] {
  return auditPath(index, lines.length).map(({ begin, end }) => rootOf(lines.slice(begin, end)));
}
