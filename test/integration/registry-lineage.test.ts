import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureDatabase } from '../../adapters/postgres/create-database.ts';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import { earlierApprovalOf } from '../../adapters/postgres/registry/earlier-approval.ts';
import { createErasure } from '../../adapters/postgres/ledger/erase.ts';
import { createLegalHolds } from '../../adapters/postgres/ledger/legal-holds.ts';
import { plainNamesOf } from '../../adapters/postgres/ledger/principals.ts';
import { createApprovalReader } from '../../adapters/postgres/registry/approval-reader.ts';
import { createApprovalStore } from '../../adapters/postgres/registry/approval-store.ts';
import { createGrantedApprovals } from '../../adapters/postgres/registry/granted-approvals.ts';
import { requireVersion } from '../../adapters/postgres/registry/versions.ts';
import { portsFrom } from '../../config/load.ts';
import { EXPORTED_TABLES, REGISTRY_TABLES } from '../../domain/registry/export-format.ts';
import { renderLineage } from '../../domain/registry/lineage.ts';
import { APPROVAL_POLICY } from '../support/approval-policy.ts';
import { createOrder } from '../support/approvals.ts';
import { openTestLedger, startDatabase, type TestDatabase } from '../support/database.ts';
import { answersOf, liveIn } from '../support/lively-registry.ts';
import { OFFSETS } from '../support/offsets.ts';
import { createTestRegistry, eventsOf, fileOf, registrationOf, type TestRegistry } from '../support/registry.ts';

let database: TestDatabase;
let pool: Pool;
let made: Awaited<ReturnType<typeof createTestRegistry>>;
let registry: TestRegistry;
const ADA = { actor: 'ada', reason: '' };

async function register(model: string, dependencies: readonly [string, string][] = [], more: object = {}) {
  const registration = registrationOf(model, '1.0.0', {
    dependencies: dependencies.map(([kind, target]) => ({ kind, target })),
    ...more,
  });
  const artifactPath = await fileOf(model);
  return (await registry.register({ registration, artifactPath, wantsProduction: false, actor: 'ada' })).version;
}

const lineage = async (
  direction: 'upstream' | 'downstream',
  start: Parameters<TestRegistry['lineage']>[0]['start'],
  depth = 10,
) => await registry.lineage({ start, direction, depth, actor: 'ada' });
const at = (model: string) => ({ model, version: '1.0.0' });

beforeAll(async () => {
  database = await startDatabase(portsFrom(OFFSETS.registryLineage).postgres);
  await migrate(database.url);
  pool = createPool(database.url, 10);
  made = await createTestRegistry(await openTestLedger(pool));
  registry = made.registry;
  await register('emb', [
    ['dataset', 'wiki'],
    ['code', 'abc1234'],
    ['base-model', 'hub/mini-lm'],
  ]);
  await register(
    'ret',
    [
      ['embedding', 'emb@1.0.0'],
      ['index', 'wiki-index'],
    ],
    { type: 'retriever', metadata: { index_embedding: 'emb@1.0.0' } },
  );
  await register('rer');
  await register(
    'pipe',
    [
      ['model', 'ret@1.0.0'],
      ['model', 'rer@1.0.0'],
      ['embedding', 'emb@1.0.0'],
    ],
    { type: 'pipeline', metadata: {} },
  );
});
afterAll(async () => {
  await pool.end();
  await database.remove();
});

describe('the lineage', () => {
  it('upstream has everything a version rests on, each once, with its depth', async () => {
    const found = await lineage('upstream', at('pipe'));
    expect(found.nodes.map(({ depth, kind, name }) => `${depth} ${kind} ${name}`)).toEqual([
      '0 pipeline pipe@1.0.0',
      '1 embedding emb@1.0.0',
      '1 embedding rer@1.0.0',
      '1 retriever ret@1.0.0',
      '2 code abc1234',
      '2 base-model hub/mini-lm',
      '2 dataset wiki',
      '2 index wiki-index',
    ]);
    expect(found.edges).toHaveLength(8);
    expect(renderLineage(found).split('\n')[0]).toBe('pipe@1.0.0  (pipeline, development)');
    expect(renderLineage(found)).toContain('(see above)');
  });

  it('downstream has everything that would be hit, from a version and from what is not registered', async () => {
    expect((await lineage('downstream', at('emb'))).nodes.map(({ depth, name }) => [depth, name])).toEqual([
      [0, 'emb@1.0.0'],
      [1, 'pipe@1.0.0'],
      [1, 'ret@1.0.0'],
    ]);
    expect(
      (await lineage('downstream', { kind: 'dataset', target: 'wiki' })).nodes.map(({ depth, name }) => [depth, name]),
    ).toEqual([
      [0, 'wiki'],
      [1, 'emb@1.0.0'],
      [2, 'pipe@1.0.0'],
      [2, 'ret@1.0.0'],
    ]);
  });

  it('goes as deep as it is asked to', async () => {
    expect((await lineage('upstream', at('pipe'), 1)).nodes).toHaveLength(4);
    expect((await lineage('downstream', { kind: 'dataset', target: 'wiki' }, 1)).nodes).toHaveLength(2);
    expect((await lineage('upstream', at('pipe'), 0)).nodes).toHaveLength(1);
  });

  it('leaves in the ledger no name of a dataset, which may be one of people', async () => {
    const dependency = { kind: 'dataset', target: 'patients-of-ada' } as const;
    const order = { ...at('rer'), ...ADA, dependency };
    expect(await registry.depend(order)).toBe(true);
    const { rows } = await pool.query<{ canonical: string }>(
      `SELECT canonical FROM ledger_event WHERE resource = 'model/rer/1.0.0' AND type = 'model.dependency-added'`,
    );
    expect(rows.map(({ canonical }) => JSON.parse(canonical) as object)).toMatchObject([
      { facts: { version: '1.0.0', kind: 'dataset', target: null }, commitment: expect.any(String) as string },
    ]);
    expect(rows[0]?.canonical).not.toContain('patients');
    expect((await lineage('downstream', dependency)).nodes.map(({ name }) => name)).toContain('rer@1.0.0');
    await expect(
      registry.depend({ ...order, dependency: { kind: 'dataset', target: 'ada@example.org' } }),
    ).rejects.toMatchObject({
      code: 'REGISTRATION_INVALID',
      message: expect.stringContaining('a mail address') as string,
    });
  });

  it('takes what becomes known later, once, and no circle', async () => {
    const depend = async (model: string, target: string) =>
      await registry.depend({ ...at(model), ...ADA, dependency: { kind: 'model', target } });
    expect([await depend('rer', 'emb@1.0.0'), await depend('rer', 'emb@1.0.0')]).toEqual([true, false]);
    expect((await eventsOf(pool, 'model/rer/1.0.0')).map(({ type }) => type)).toEqual([
      'model.registered',
      'model.dependency-added',
      'model.dependency-added',
    ]);
    await expect(depend('emb', 'pipe@1.0.0')).rejects.toMatchObject({
      code: 'DEPENDENCY_CYCLE',
      message: expect.stringMatching(
        /^emb@1\.0\.0 would depend on itself: emb@1\.0\.0 → pipe@1\.0\.0 → .*emb@1\.0\.0$/,
      ) as string,
    });
    await expect(depend('emb', 'nobody@1.0.0')).rejects.toMatchObject({ code: 'DEPENDENCY_UNKNOWN' });
    expect((await lineage('upstream', at('emb'))).edges, 'nothing of it was written').toHaveLength(3);
  });
});

describe('an export', () => {
  const linesOf = async (from: TestRegistry): Promise<string[]> => {
    const lines: string[] = [];
    for await (const group of from.export({ actor: 'ada' })) lines.push(...group.map((line) => line.trimEnd()));
    return lines;
  };
  /** An export of rows that lack some columns. */
  const withoutColumns = (lines: readonly string[], table: string, columns: readonly string[]): string[] => {
    const rows = lines.slice(1, -1).map((text) => {
      const line = JSON.parse(text) as { readonly table: string; readonly row: Record<string, unknown> };
      if (line.table !== table) return text;
      const row = Object.fromEntries(Object.entries(line.row).filter(([name]) => !columns.includes(name)));
      return JSON.stringify({ table, row });
    });
    return rewritten(lines, () => rows);
  };
  /** The same file with other rows, closed by their digest: what somebody writes who knows how. */
  const rewritten = (lines: readonly string[], change: (rows: string[]) => readonly string[]): string[] => {
    const rows = change(lines.slice(1, -1));
    const sha256 = createHash('sha256')
      .update(rows.map((row) => `${row}\n`).join(''))
      .digest('hex');
    return [lines[0] ?? '', ...rows, JSON.stringify({ rows: rows.length, sha256 })];
  };
  async function* given(lines: readonly string[]): AsyncGenerator<string> {
    for (const line of lines) yield await Promise.resolve(line);
  }

  /** A registry in an empty database beside the first. */
  async function emptyRegistry(name: string) {
    const url = database.url.replace(/\/[^/]*$/, `/${name}`);
    await ensureDatabase(url, 5000);
    await migrate(url);
    const other = createPool(url, 5);
    return { pool: other, ...(await createTestRegistry(await openTestLedger(other))) };
  }

  beforeAll(async () => {
    const order = { ...ADA, model: 'emb', version: '1.0.0', expectedProduction: null } as const;
    await registry.promote({ ...order, to: 'staging', approvalId: null });
    const { awaiting } = await registry.promote({ ...order, to: 'production', approvalId: null });
    if (awaiting === null) throw new Error('nothing was asked for');
    const { id: eve } = await made.parts.principals.actor('eve');
    made.approvals.grant({ approvalId: 'approval-1', ...awaiting }, [eve]);
    await registry.promote({ ...order, to: 'production', approvalId: 'approval-1' });
    await registry.alias({ ...ADA, model: 'rer', alias: 'candidate', version: '1.0.0', approvalId: null });
    await registry.retire({ ...ADA, model: 'pipe', version: '1.0.0' });
  });

  it('taken into an empty database gives the same export, and works on', async () => {
    const other = await emptyRegistry('taken');
    try {
      const lines = await linesOf(registry);
      expect(await other.registry.import({ lines: given(lines), actor: 'bob' })).toEqual({
        rows: lines.length - 2,
        isNew: true,
      });
      expect(await linesOf(other.registry)).toEqual(lines);
      expect(await other.registry.import({ lines: given(lines), actor: 'bob' }), 'again').toEqual({
        rows: 0,
        isNew: false,
      });
      // Of a release whose rows had no such columns: what it says is there.
      const earlier = withoutColumns(lines, 'model_version', ['taken_from', 'run_link']);
      expect(await other.registry.import({ lines: given(earlier), actor: 'bob' }), 'of before').toEqual({
        rows: 0,
        isNew: false,
      });
      const shown = await other.registry.version({ model: 'emb', version: '1.0.0', actor: 'bob' });
      expect(shown).toEqual(await registry.version({ model: 'emb', version: '1.0.0', actor: 'ada' }));
      const there = await other.registry.productionAt({ model: 'emb', at: new Date(), actor: 'bob' });
      expect(there).toMatchObject({
        version: '1.0.0',
        approvalId: 'approval-1',
        approvers: [(await made.parts.principals.actor('eve')).id],
        isImported: true,
      });
      // A file can say anything: what it says was approved counts for no way back.
      const name = { model: 'emb', version: '1.0.0' };
      const taken = await requireVersion(other.pool, 'dev', name);
      const own = await requireVersion(pool, 'dev', name);
      expect(await earlierApprovalOf(other.parts, other.pool, taken)).toBeNull();
      expect(await earlierApprovalOf(made.parts, pool, own), 'where it was given').toMatchObject({
        approvalId: 'approval-1',
      });
      const registration = registrationOf('emb', '2.0.0');
      expect(
        (await other.registry.register({ registration, artifactPath: null, wantsProduction: false, actor: 'bob' }))
          .version.ordinal,
      ).toBe(2);
      expect((await eventsOf(other.pool, 'model')).map(({ type }) => type)).toContain('model.imported');
      await expect(
        other.registry.import({ lines: given(lines), actor: 'bob' }),
        'it has moved on',
      ).rejects.toMatchObject({ code: 'REGISTRY_IMPORT_DIFFERS', exitCode: 3 });
    } finally {
      await other.pool.end();
    }
  });

  it.each([1, 2])(
    'of whatever people did says the same line by line after an import, and so does every answer (seed %i)',
    async (seed) => {
      const [source, target] = [await emptyRegistry(`lived_${seed}`), await emptyRegistry(`followed_${seed}`)];
      try {
        await liveIn(source, seed);
        // Somebody else, of a name that is known there as well.
        const ada = await target.parts.principals.actor('ada');
        const lines = await linesOf(source.registry);
        const rowsOf = Map.groupBy(lines.slice(1, -1), (line) => (JSON.parse(line) as { table: string }).table);
        expect([...rowsOf.keys()], 'there is something of everything').toEqual([...EXPORTED_TABLES]);
        for (const sign of [
          '"retired_at": "',
          '"deleted_at": "',
          '"taken_from": "http',
          '"alias": "champion"',
          '"name": null',
        ])
          expect(lines.join('\n')).toContain(sign);

        const both = await Promise.all(
          ['bob', 'carol'].map(async (actor) => await target.registry.import({ lines: given(lines), actor })),
        );
        expect(
          both.filter(({ isNew }) => isNew),
          'of two at once one is the first',
        ).toHaveLength(1);
        expect(await target.registry.import({ lines: given(lines), actor: 'bob' })).toEqual({ rows: 0, isNew: false });
        expect(await linesOf(target.registry)).toEqual(lines);
        expect(await answersOf(target)).toEqual(await answersOf(source));
        const { rows } = await target.pool.query(
          'SELECT FROM principal p JOIN imported_principal i USING (principal_id) UNION ALL SELECT FROM principal_role',
        );
        expect(rows, 'nobody came in by it').toEqual([]);
        expect(await target.parts.principals.actor('ada')).toEqual(ada);
        // And from there to a third.
        const third = await emptyRegistry(`passed_on_${seed}`);
        await third.registry.import({ lines: given(await linesOf(target.registry)), actor: 'bob' });
        expect(await linesOf(third.registry)).toEqual(lines);
        await third.pool.end();
      } finally {
        await Promise.all([source.pool.end(), target.pool.end()]);
      }
    },
  );

  it('names people and approvals that count for nothing where they were imported', async () => {
    const [source, target] = [await emptyRegistry('named'), await emptyRegistry('named_there')];
    try {
      await liveIn(source, 4, 0);
      const lines = await linesOf(source.registry);
      await target.registry.import({ lines: given(lines), actor: 'bob' });
      const change = await target.registry.productionAt({ model: 'emb', at: new Date(), actor: 'bob' });
      const [approvalId, eve] = [change?.approvalId ?? '', change?.approvers[0] ?? ''];
      expect((await target.registry.names([eve])).get(eve)).toBe('eve (imported)');

      const reader = createApprovalReader(target.pool);
      const shown = await reader.shown(approvalId);
      expect(shown).toMatchObject({ state: 'carried-out', isImported: true, names: { [eve]: 'eve (imported)' } });
      expect(shown.decisions.map(({ verdict }) => verdict)).toEqual(['approve', 'approve']);
      await expect(reader.standing(approvalId)).rejects.toMatchObject({ code: 'APPROVAL_NOT_FOUND' });
      await expect(reader.view(approvalId)).rejects.toMatchObject({ code: 'APPROVAL_NOT_FOUND' });
      expect((await reader.list('dev', { all: true, limit: 100, after: null })).approvals).toEqual([]);
      expect(await reader.isTaken(approvalId), 'a request here gets another id').toBe(true);
      const order = { approvalId, kind: shown.kind, resource: shown.resource, bound: shown.bound };
      const client = await target.pool.connect();
      await expect(createGrantedApprovals().assertGranted(client, order)).rejects.toMatchObject({
        code: 'APPROVAL_NOT_FOUND',
      });
      for (const change of [`UPDATE imported_approval SET quorum = 1`, 'DELETE FROM imported_decision'])
        await expect(client.query(change)).rejects.toThrow('append-only');
      client.release();

      // Who wrote it there does not approve it here, under an id that they have here.
      const { author } = await target.registry.version({ model: 'emb', version: '1.0.0', actor: 'bob' });
      const store = createApprovalStore(target.parts);
      const asked = createOrder({ environment: 'dev', requestedBy: 'principal:x', excluded: { [author]: 'author' } });
      const { record } = await store.open(
        'apr-here',
        asked,
        APPROVAL_POLICY,
        await target.parts.principals.actor('bob'),
      );
      const name = (await plainNamesOf(target.pool, [author])).get(author) ?? '';
      const actor = await target.parts.principals.actor(name);
      expect(actor.id).not.toBe(author);
      const decision = {
        approvalId: 'apr-here',
        verdict: 'approve',
        seen: record.contentDigest,
        reason: '',
        linkId: null,
      } as const;
      const authorities = [{ principal: actor.id, roles: record.roles, handovers: 0 }];
      await expect(store.decide({ ...decision, actor, authorities })).rejects.toMatchObject({
        code: 'APPROVAL_REFUSED',
        message: expect.stringContaining(`${name} is also ${author}, author of what is asked for`) as string,
      });
      await expect(
        target.pool.query(
          `INSERT INTO approval_decision (approval_id, round, principal_id, verdict, seen, roles, ledger_sequence)
           VALUES ('apr-here', 1, $1, 'approve', $2, $3, 0)`,
          [actor.id, record.contentDigest, record.roles],
        ),
      ).rejects.toThrow('may not decide, who is');
    } finally {
      await Promise.all([source.pool.end(), target.pool.end()]);
    }
  });

  it('brings no name back that was erased, and what it brought can be erased', async () => {
    const target = await emptyRegistry('erased_there');
    try {
      const source = await emptyRegistry('erased_here');
      await liveIn(source, 5, 0);
      const lines = await linesOf(source.registry);
      await source.pool.end();
      await target.registry.import({ lines: given(lines), actor: 'carol' });
      const { rows } = await target.pool.query<{ id: string }>(
        `SELECT principal_id AS id FROM imported_principal WHERE name = 'eve'`,
      );
      const [eve = ''] = rows.map(({ id }) => id);
      const own = await target.parts.principals.actor('eve');
      const erasure = createErasure(target.parts, async () => await Promise.resolve());
      expect((await erasure.foresee('eve')).mentions, 'she is told of').toEqual([
        { resource: eve, places: ['imported name'] },
      ]);
      const order = { subject: eve, reason: 'asked to', actor: 'carol' };
      expect(await erasure.erase(order)).toMatchObject({ subject: eve, name: true, rows: 0 });
      expect((await target.registry.names([eve, own.id])).get(eve)).toBeUndefined();
      expect((await target.registry.names([eve, own.id])).get(own.id), 'who is here is somebody else').toBe('eve');
      // The file knows the name still.
      expect(await target.registry.import({ lines: given(lines), actor: 'carol' })).toEqual({ rows: 0, isNew: false });
      expect((await linesOf(target.registry)).join('\n')).not.toContain('"name": "eve"');
      await expect(
        target.pool.query(`UPDATE imported_principal SET name = 'eve' WHERE principal_id = $1`, [eve]),
      ).rejects.toThrow('was imported');
      await createLegalHolds(target.parts).hold({ subject: 'ada', caseId: null, reason: '', actor: 'carol' });
      await expect(erasure.erase({ ...order, subject: 'ada' })).rejects.toMatchObject({ code: 'LEGAL_HOLD' });
    } finally {
      await target.pool.end();
    }
  });

  it.each<[string, (rows: string[]) => readonly string[], string]>([
    [
      'has an approval that can be used still',
      (rows) => rows.map((row) => row.replace('"state": "carried-out"', '"state": "approved"')),
      'REGISTRY_IMPORT_INVALID',
    ],
    [
      'names somebody of here otherwise',
      (rows) => rows.map((row) => row.replace('"name": "eve"', '"name": "mallory"')),
      'REGISTRY_IMPORT_DIFFERS',
    ],
    [
      'names somebody whom no row is of',
      (rows) => [
        ...rows,
        '{"table":"principal","row":{"kind": "human", "name": "x", "provider": "key", "principal_id": "principal:z"}}',
      ],
      'REGISTRY_IMPORT_DIFFERS',
    ],
    [
      'says more than this release knows',
      (rows) => rows.map((row) => row.replace('"last_ordinal"', '"is_new": true, "last_ordinal"')),
      'REGISTRY_IMPORT_DIFFERS',
    ],
    [
      'has a moment that is none',
      (rows) => rows.map((row) => row.replace(/"registered_at": "/, '"registered_at": "x')),
      'REGISTRY_IMPORT_INVALID',
    ],
    [
      'leaves out a row that others name',
      (rows) => rows.filter((row) => !row.startsWith('{"table":"approval_request"')),
      'REGISTRY_IMPORT_INVALID',
    ],
    ['is in another order', (rows) => rows.toReversed(), 'REGISTRY_IMPORT_DIFFERS'],
  ])('that %s is refused, whoever closed it, and nothing of it is taken in', async (name, change, code) => {
    const target = await emptyRegistry(`forged_${name.replaceAll(' ', '_')}`.slice(0, 60));
    try {
      const lines = await linesOf(registry);
      const eve = /"name": "eve", "provider": "[^"]*", "principal_id": "([^"]*)"/.exec(lines.join('\n'))?.[1];
      await target.pool.query(
        `INSERT INTO principal (principal_id, kind, provider, name) VALUES ($1, 'human', 'operating-system', 'eve')`,
        [eve],
      );
      const forged = rewritten(lines, change);
      expect(forged).not.toEqual(lines);
      await expect(target.registry.import({ lines: given(forged), actor: 'bob' })).rejects.toMatchObject({ code });
      for (const table of [...REGISTRY_TABLES, 'imported_principal', 'imported_approval', 'imported_decision'])
        expect((await target.pool.query(`SELECT FROM ${table}`)).rowCount, table).toBe(0);
      // What is known here already is no hindrance.
      expect((await target.registry.import({ lines: given(lines), actor: 'bob' })).isNew).toBe(true);
      expect(await linesOf(target.registry)).toEqual(lines);
    } finally {
      await target.pool.end();
    }
  });

  it('that was cut off or changed anywhere is refused, and one of an earlier release is taken', async () => {
    const target = await emptyRegistry('anywhere');
    try {
      const lines = await linesOf(registry);
      const whole = lines.map((line) => `${line}\n`).join('');
      const spoilt = fc.sample(
        fc
          .record({ at: fc.nat(whole.length - 2), isCut: fc.boolean() })
          .map(({ at, isCut }) => (isCut ? whole.slice(0, at) : `${whole.slice(0, at)}~${whole.slice(at + 1)}`)),
        { numRuns: 60, seed: 6 },
      );
      for (const text of spoilt)
        await expect(
          target.registry.import({ lines: given(text.split('\n').filter((line) => line !== '')), actor: 'bob' }),
        ).rejects.toMatchObject({ code: 'REGISTRY_IMPORT_INVALID' });
      expect((await target.registry.models({ after: null, limit: 1, actor: 'bob' })).models).toEqual([]);

      const isOfBefore = (row: string) => REGISTRY_TABLES.some((table) => row.startsWith(`{"table":"${table}"`));
      const [, ...earlier] = rewritten(lines, (rows) => rows.filter(isOfBefore));
      const header = '{"format":"durable-mlops/registry@1"}';
      const taken = { rows: earlier.length - 1, isNew: true };
      expect(await target.registry.import({ lines: given([header, ...earlier]), actor: 'bob' })).toEqual(taken);
      expect(await target.registry.import({ lines: given([header, ...earlier]), actor: 'bob' })).toMatchObject({
        isNew: false,
      });
      expect((await linesOf(target.registry)).slice(1)).toEqual(earlier);
      await expect(
        target.registry.import({ lines: given([header, ...lines.slice(1)]), actor: 'bob' }),
        'it has nobody',
      ).rejects.toMatchObject({ code: 'REGISTRY_IMPORT_INVALID' });
    } finally {
      await target.pool.end();
    }
  });

  it('of an empty registry is one, and taking it in changes nothing', async () => {
    const other = await emptyRegistry('nothing_there');
    try {
      const lines = await linesOf(other.registry);
      expect(lines).toHaveLength(2);
      expect(await other.registry.import({ lines: given(lines), actor: 'bob' })).toEqual({ rows: 0, isNew: false });
    } finally {
      await other.pool.end();
    }
  });

  it.each<[string, (lines: string[]) => string[], string]>([
    ['is cut off', (lines) => lines.slice(0, -1), 'it ends too early'],
    [
      'misses a row',
      (lines) => [...lines.slice(0, 2), ...lines.slice(3)],
      'its rows are not those it was written with',
    ],
    [
      'has a row twice',
      (lines) => [...lines.slice(0, 3), ...lines.slice(2)],
      'its rows are not those it was written with',
    ],
    ['has more behind its end', (lines) => [...lines, '{}'], 'there is more after its end'],
    ['begins in another way', (lines) => lines.slice(1), 'it is not an export of a registry'],
    ['is no JSON', (lines) => [lines[0] ?? '', 'x', ...lines.slice(1)], 'it is of no table'],
    [
      'names another table',
      (lines) => lines.map((line) => line.replace('"table":"model_alias"', '"table":"ledger_key"')),
      'it is of no table',
    ],
    [
      'was edited',
      (lines) => lines.map((line) => line.replace('"dimension": 768', '"dimension": 384')),
      'its digest is not that of its content',
    ],
    [
      'has another artifact',
      (lines) => lines.map((line) => line.replace(/"artifact_digest": "\w/, '"artifact_digest": "x')),
      'its artifact is not that of its content',
    ],
  ])('that %s is refused, and nothing of it is taken in', async (name, change, problem) => {
    const other = await emptyRegistry(`refused_${name.replaceAll(' ', '_')}`);
    try {
      const lines = change(await linesOf(registry));
      await expect(other.registry.import({ lines: given(lines), actor: 'bob' })).rejects.toMatchObject({
        code: 'REGISTRY_IMPORT_INVALID',
        exitCode: 2,
        message: expect.stringContaining(problem) as string,
      });
      expect((await other.registry.models({ after: null, limit: 1, actor: 'bob' })).models).toEqual([]);
    } finally {
      await other.pool.end();
    }
  });
});
