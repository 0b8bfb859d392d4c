import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { sha256Of } from '../../../../adapters/crypto/sha256.ts';
import { DEPENDENCY_KINDS } from '../../../../domain/registry/dependency.ts';
import { assembleBom } from '../../../../domain/registry/model-bom.ts';
import type { VersionRecord } from '../../../../domain/registry/records.ts';

const RECORD: VersionRecord = {
  id: '1',
  ordinal: 1,
  contentDigest: 'c'.repeat(64),
  description: 'words',
  tags: { team: 'search' },
  artifactBytes: 1,
  artifactFiles: 1,
  verifiedAt: null,
  artifactProblem: null,
  environment: 'dev',
  stage: 'development',
  requestedStage: null,
  aliases: [],
  endpoint: null,
  author: 'principal:0001',
  registeredAt: '2026-11-27T10:00:00.000Z',
  retiredAt: null,
  registration: {
    model: 'rag_embeddings',
    version: '2.1.0',
    type: 'embedding',
    description: 'words',
    metadata: { dimension: 768 },
    metrics: [{ name: 'recall_at_5', value: 0.89, unit: 'ratio', direction: 'higher' }],
    tags: {},
    dependencies: [],
    approvalRequired: false,
    artifact: 'a'.repeat(64),
  },
};

type Bom = {
  readonly components: readonly Record<string, unknown>[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
  readonly metadata: { readonly component: Record<string, unknown> };
} & Record<string, unknown>;
const bomAt = (
  at: string,
  record: VersionRecord,
  dependencies: Parameters<typeof assembleBom>[1],
  signer: string | null,
) => assembleBom(record, dependencies, { at, signer, sha256: sha256Of }) as unknown as Bom;
const bomOf = (record: VersionRecord, dependencies: Parameters<typeof assembleBom>[1], signer: string | null = null) =>
  bomAt('2026-11-27T10:00:00.000Z', record, dependencies, signer);
const ALL = DEPENDENCY_KINDS.map((kind) => ({ kind, target: `some-${kind}@1.0.0` }));

const schemaOf = (name: string): object =>
  JSON.parse(
    readFileSync(join(import.meta.dirname, '../../../fixtures/cyclonedx', `${name}.schema.json`), 'utf8'),
  ) as object;
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats.default(ajv);
// A format of internationalised references, which no reference of ours needs.
ajv.addFormat('iri-reference', true).addFormat('idn-email', true);
const isBom = ajv.addSchema([schemaOf('spdx'), schemaOf('jsf-0.82')]).compile(schemaOf('bom-1.6'));
const problemsOf = (bom: object): string[] =>
  isBom(bom) ? [] : (isBom.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);

describe('the bill of materials of a version', () => {
  it('is CycloneDX 1.6 with the version, its hash and its model card as the main component', () => {
    const bom = bomOf(RECORD, []);
    expect(bom).toMatchObject({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      metadata: { timestamp: '2026-11-27T10:00:00.000Z' },
    });
    expect(bom.metadata.component).toMatchObject({
      type: 'machine-learning-model',
      name: 'rag_embeddings',
      version: '2.1.0',
      hashes: [{ alg: 'SHA-256', content: 'a'.repeat(64) }],
      modelCard: {
        modelParameters: { task: 'feature-extraction' },
        quantitativeAnalysis: { performanceMetrics: [{ type: 'recall_at_5', value: '0.89 ratio (higher is better)' }] },
      },
    });
  });

  it.each([
    ['nothing', RECORD, []],
    ['everything', RECORD, ALL],
    ['no artifact', { ...RECORD, registration: { ...RECORD.registration, artifact: null } }, ALL],
    ['no words', { ...RECORD, description: '', tags: {} }, []],
  ] as const)(
    'is what the schema of CycloneDX allows: of a version that rests on or has %s',
    (_, record, dependencies) => {
      expect(problemsOf(bomOf(record, dependencies))).toEqual([]);
    },
  );

  it('has a serial number of its own for everything that it says, and the same for the same', () => {
    const numbers = [
      bomOf(RECORD, ALL),
      bomOf(RECORD, ALL.slice(1)),
      bomOf(RECORD, ALL, 'ada@example.com'),
      bomOf({ ...RECORD, description: 'other words' }, ALL),
      bomOf({ ...RECORD, tags: {} }, ALL),
    ].map(({ serialNumber }) => serialNumber);
    expect(new Set(numbers).size).toBe(numbers.length);
    const later = bomAt('2026-11-28T10:00:00.000Z', { ...RECORD, stage: 'production' }, ALL, null);
    expect(later['serialNumber']).toBe(numbers[0]);
    expect(problemsOf(later)).toEqual([]);
  });

  it('says who has signed the artifact, where somebody who is known has', () => {
    const signed = bomOf(RECORD, [], 'ada@example.com by https://accounts.example');
    expect(problemsOf(signed)).toEqual([]);
    expect(signed.metadata.component['properties']).toContainEqual({
      name: 'mlops:signer',
      value: 'ada@example.com by https://accounts.example',
    });
    expect(JSON.stringify(bomOf(RECORD, []))).not.toContain('signer');
  });

  it('would not be, with a member or a kind that the format does not know', () => {
    const bom = bomOf(RECORD, ALL);
    expect(problemsOf({ ...bom, mlops: true })).not.toEqual([]);
    expect(problemsOf({ ...bom, components: [{ type: 'model', name: 'x' }] })).not.toEqual([]);
  });

  it('names each thing it rests on once, by a reference that is there', () => {
    const bom = bomOf(RECORD, [...ALL, { kind: 'dataset', target: 'wiki' }]);
    const refs = [...bom.components, bom.metadata.component].map((component) => component['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    for (const { dependsOn = [], ref } of bom.dependencies)
      for (const one of [ref, ...dependsOn]) expect(refs).toContain(one);
    expect(bom.components.map(({ type }) => type)).toEqual([
      'data',
      'application',
      'machine-learning-model',
      'data',
      'machine-learning-model',
      'machine-learning-model',
      'data',
    ]);
    expect(bom.components.at(-1)).toMatchObject({ name: 'wiki', data: [{ type: 'dataset', name: 'wiki' }] });
    expect(JSON.stringify(bom.metadata.component)).toContain(
      '"datasets":[{"ref":"dataset:some-dataset@1.0.0"},{"ref":"dataset:wiki"}]',
    );
  });

  it('leaves out what a version does not have', () => {
    const { component } = bomOf(
      { ...RECORD, description: '', registration: { ...RECORD.registration, artifact: null } },
      [],
    ).metadata;
    expect([component['hashes'], component['description']]).toEqual([undefined, undefined]);
  });
});
