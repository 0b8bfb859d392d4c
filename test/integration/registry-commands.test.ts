import { appendFile, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentIdentity, currentUser } from '../../adapters/identity/own-identity.ts';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import type { CommandResult } from '../../client/cli/command.ts';
import { CATALOG } from '../../client/cli/catalog.ts';
import { createModelRegistry } from '../../client/registry/model-registry.ts';
import { portsFrom } from '../../config/load.ts';
import { isMlopsError } from '../../domain/errors.ts';
import { ROLE_NAMES } from '../../domain/governance/roles.ts';
import type { AwaitedApproval } from '../../domain/registry/records.ts';
import { composeAuthority } from '../../workers/authority.ts';
import { guardRegistry } from '../../workers/guarded-registry.ts';
import { createContext, createInput } from '../support/command-context.ts';
import { openTestLedger, startDatabase, type TestDatabase } from '../support/database.ts';
import { OFFSETS } from '../support/offsets.ts';
import { createTestRegistry, eventsOf, fileOf } from '../support/registry.ts';

let database: TestDatabase;
let pool: Pool;
let made: Awaited<ReturnType<typeof createTestRegistry>>;
/** As the user of the operating system may use it. */
let registry: ReturnType<typeof guardRegistry>;

beforeAll(async () => {
  database = await startDatabase(portsFrom(OFFSETS.registryCommands).postgres);
  await migrate(database.url);
  pool = createPool(database.url, 10);
  const evidence = await openTestLedger(pool);
  made = await createTestRegistry(evidence);
  const governance = { developmentRoles: ROLE_NAMES, issuers: [] };
  const authority = composeAuthority({ environment: 'dev', governance }, evidence);
  const identity = await currentIdentity({ environment: 'dev', identity: null, stateDirectory: database.state });
  registry = guardRegistry(made.registry, authority, identity);
});
afterAll(async () => {
  await pool.end();
  await database.remove();
});

/** Runs a verb of `mlops model` on the registry of this file: its result, or what it refuses with. */
async function model(verb: string, args: readonly string[], options: Record<string, unknown> = {}) {
  const spec = CATALOG.find(({ name }) => name === `model ${verb}`);
  if (spec === undefined) throw new Error(`there is no ${verb}`);
  const { run } = await spec.load();
  const { dryRun, ...given } = options;
  const { context } = createContext(
    { registry, registryOfAdmin: registry },
    { confirm: async () => await Promise.resolve(given['yes'] === true) },
  );
  try {
    const result = await run(context, createInput(given, { args, dryRun: dryRun === true }));
    return { ...(result as CommandResult & { data: Record<string, unknown> }), code: null };
  } catch (error) {
    if (!isMlopsError(error)) throw error;
    return { exitCode: error.exitCode, text: error.message, code: error.code, data: {} as Record<string, unknown> };
  }
}

const EMBEDDING = { type: 'embedding', metadata: ['dimension=768', 'distance=cosine', 'tokenizer=bert'] };

function grant(awaited: unknown, approvalId: string): string {
  made.approvals.grant({ approvalId, ...(awaited as AwaitedApproval) }, ['principal:0001']);
  return approvalId;
}

describe('mlops model register', () => {
  it('takes what is typed, and says how to undo it', async () => {
    const options = {
      ...EMBEDDING,
      metric: ['recall_at_5=0.89', 'fluency=4.2:points:higher'],
      tag: ['team=search'],
      dataset: ['wiki'],
      codeCommit: 'abcdef1',
    };
    const { data, exitCode, text } = await model('register', ['typed', 'v1.0.0'], options);
    expect([exitCode, text]).toEqual([
      0,
      'Registered: typed 1.0.0, number 1, in development\nUndo: mlops model retire typed 1.0.0',
    ]);
    expect(data).toMatchObject({
      isNew: true,
      version: '1.0.0',
      metadata: { dimension: 768 },
      tags: { team: 'search' },
      baseline: [
        { name: 'fluency', unit: 'points' },
        { name: 'recall_at_5', unit: 'ratio' },
      ],
      dependencies: [
        { kind: 'code', target: 'abcdef1' },
        { kind: 'dataset', target: 'wiki' },
      ],
    });
    const again = await model('register', ['typed', '1.0.0'], options);
    expect([again.exitCode, again.data['id'], again.data['isNew']]).toEqual([0, data['id'], false]);
    expect(again.text).toContain('Nothing is changed: typed 1.0.0 was registered before with the same content');
    const other = await model('register', ['typed', '1.0.0'], { ...options, metric: ['recall_at_5=0.9'] });
    expect([other.exitCode, other.code]).toEqual([3, 'VERSION_CONFLICT']);
    expect(other.text).toContain(
      'metrics.recall_at_5 is 0.89 ratio, higher is better there, 0.9 ratio, higher is better here',
    );
  });

  it('registers what was typed, digit by digit', async () => {
    const typed = ['id=12345678901234567890', 'build=00017', 'commit=12e5', 'share=0.50', 'seed=-3', 'tied=true'];
    const metadata = [...EMBEDDING.metadata, ...typed];
    const { data } = await model('register', ['digits', '1.0.0'], { ...EMBEDDING, metadata, metric: ['recall=0.90'] });
    expect(data['metadata']).toEqual({
      dimension: 768,
      distance: 'cosine',
      tokenizer: 'bert',
      id: '12345678901234567890',
      build: '00017',
      commit: '12e5',
      share: '0.50',
      seed: -3,
      tied: true,
    });
    expect(data['baseline']).toMatchObject([{ name: 'recall', value: 0.9 }]);
    const file = await fileOf('metadata: { id: 12345678901234567890 }');
    expect(await model('register', ['digits', '1.1.0'], { ...EMBEDDING, file })).toMatchObject({
      code: 'REGISTRATION_INVALID',
      text: expect.stringContaining('metadata id is not a text, a number that keeps all of its digits') as string,
    });
    expect(
      await model('register', ['digits', '1.1.0'], { ...EMBEDDING, metric: ['fluency=4.2:points:higher:oops'] }),
    ).toMatchObject({ code: 'USAGE_INVALID', text: expect.stringContaining('has 4 parts') as string });
  });

  it('takes a manifest, its artifact beside it, and what is typed goes before what it says', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mlops-manifest-'));
    const file = join(folder, 'model.yaml');
    await writeFile(join(folder, 'weights.bin'), 'weights');
    await writeFile(
      file,
      [
        'name: named',
        'version: 1.0.0',
        'type: retriever',
        'artifact: weights.bin',
        'metadata: { index_embedding: none }',
        'index_version: words-1',
        'datasets: [wiki]',
        'metrics: { latency_p95_ms: 12, fluency: { value: 4, unit: points, direction: higher } }',
        '',
      ].join('\n'),
    );
    const { data, exitCode } = await model('register', [], { file });
    expect([exitCode, data['artifact']]).toEqual([0, expect.objectContaining({ bytes: 7, files: 1 })]);
    const typed = await model('register', ['', '1.1.0'], {
      file,
      metadata: ['index_embedding=none'],
      description: 'typed',
    });
    expect(typed.data).toMatchObject({ model: 'named', version: '1.1.0', description: 'typed' });
  });

  it.each<[string, string, string, string]>([
    ['an unknown key', 'nmae: x', 'MANIFEST_INVALID', 'unknown key nmae; the nearest is name'],
    ['no YAML', 'a: [', 'MANIFEST_INVALID', ''],
    ['a list', '[1]', 'MANIFEST_INVALID', 'it: '],
    ['nothing of note', 'name: x', 'USAGE_INVALID', 'The version is not named'],
    [
      'a figure that is none',
      'name: x\nversion: 1.0.0\ntype: pipeline\nmetrics: { error_rate: .nan }',
      'REGISTRATION_INVALID',
      'wanted a finite number',
    ],
    [
      'an empty artifact',
      "name: x\nversion: 1.0.0\ntype: pipeline\nartifact: ''",
      'MANIFEST_INVALID',
      'artifact: it is empty, wanted the path of a file or folder',
    ],
  ])('refuses a manifest with %s', async (_, content, code, words) => {
    const file = await fileOf(content);
    const refused = await model('register', [], { file });
    expect(refused).toMatchObject({ exitCode: 2, code, text: expect.stringContaining(words) as string });
  });

  it('refuses a file that is not there, and options without their value', async () => {
    expect(await model('register', [], { file: 'nowhere.yaml' })).toMatchObject({
      exitCode: 2,
      code: 'INPUT_UNREADABLE',
    });
    expect(await model('register', ['m', '1.0.0'], { ...EMBEDDING, tag: ['team'] })).toMatchObject({
      exitCode: 2,
      text: 'Option --tag is team, wanted NAME=VALUE',
    });
  });

  it.each<[Record<string, unknown>, string]>([
    [{ artifact: '' }, 'Option --artifact is empty'],
    [{ file: '' }, 'Option --file is empty'],
    [{ metric: ['error_rate=0.1', 'error_rate=0.2'] }, 'Option --metric has error_rate twice'],
    [{ tag: ['team=red', 'team=red'] }, 'Option --tag has team twice'],
  ])('takes no folder for an unset variable, and guesses nothing: %j', async (options, text) => {
    expect(await model('register', ['m', '1.0.0'], { ...EMBEDDING, ...options })).toMatchObject({ exitCode: 2, text });
  });

  it('into production exits 6, says what is missing, and 0 when it is there', async () => {
    const options = { ...EMBEDDING, stage: 'production', artifact: await fileOf('eager') };
    const { data, exitCode, text } = await model('register', ['eager', '1.0.0'], options);
    expect([exitCode, data['stage'], data['requestedStage']]).toEqual([6, 'development', 'production']);
    expect(text).toContain('Pending production');
    expect(text).toContain('mlops model promote eager 1.0.0 --to staging');
    expect((await model('register', ['eager', '1.0.0'], options)).exitCode, 'again').toBe(6);
    await model('promote', ['eager', '1.0.0']);
    const { data: asked } = await model('promote', ['eager', '1.0.0']);
    await model('promote', ['eager', '1.0.0'], { approval: grant(asked['awaiting'], 'eager-1') });
    expect((await model('register', ['eager', '1.0.0'], options)).exitCode).toBe(0);
  });

  it('with --dry-run checks everything and writes nothing', async () => {
    expect((await model('register', ['dry', '1.0.0'], { ...EMBEDDING, dryRun: true })).text).toContain(
      'This would register dry 1.0.0 (embedding) with no artifact',
    );
    expect(await model('register', ['dry', '1.0'], { ...EMBEDDING, dryRun: true })).toMatchObject({
      exitCode: 2,
      code: 'REGISTRATION_INVALID',
    });
    expect(await model('show', ['dry', '1.0.0'])).toMatchObject({ exitCode: 2, code: 'MODEL_NOT_FOUND' });
  });
});

describe('the other verbs of mlops model', () => {
  it('take a version to production and back, each saying old and new, and how to undo it', async () => {
    for (const version of ['1.0.0', '1.1.0'])
      await model('register', ['moved', version], { ...EMBEDDING, artifact: await fileOf(version) });
    expect((await model('promote', ['moved', '1.0.0'], { dryRun: true })).text).toContain(
      'from development to staging in dev',
    );
    expect((await model('promote', ['moved', '1.0.0'])).text).toBe(
      'moved 1.0.0: development → staging in dev\nUndo: mlops model demote moved 1.0.0 --to development',
    );
    expect((await model('promote', ['moved', '1.0.0'], { dryRun: true })).text).toContain(
      'to production in dev; it needs an approval',
    );
    const waiting = await model('promote', ['moved', '1.0.0'], { to: 'production' });
    expect(waiting.exitCode).toBe(6);
    expect(waiting.text).toContain('Needed: an approval (stage-promotion) of model/moved/1.0.0/stage/dev/production');
    expect(waiting.text).toContain('mlops model promote moved 1.0.0 --to production --approval <id>');
    const first = await model('promote', ['moved', '1.0.0'], {
      approval: grant(waiting.data['awaiting'], 'moved-1'),
      expect: 'none',
    });
    expect(first.text).toBe(
      'moved 1.0.0: staging → production in dev\nUndo: mlops model demote moved 1.0.0 --to staging',
    );
    await model('promote', ['moved', '1.1.0']);
    const { data } = await model('promote', ['moved', '1.1.0']);
    expect(
      await model('promote', ['moved', '1.1.0'], { approval: grant(data['awaiting'], 'moved-2'), expect: 'none' }),
    ).toMatchObject({ exitCode: 3, code: 'STAGE_CONFLICT' });
    const second = await model('promote', ['moved', '1.1.0'], { approval: 'moved-2', expect: '1.0.0' });
    expect(second.text).toBe(
      'moved 1.1.0: staging → production in dev\nmoved 1.0.0: production → staging; it can be gone back to\nUndo: mlops model promote moved --previous',
    );
    expect((await model('promote', ['moved'], { previous: true })).text).toBe(
      'moved 1.0.0: staging → production in dev\nmoved 1.1.0: production → staging; it is gone back to only when it was promoted again\nUndo: mlops model promote moved 1.1.0 --to production',
    );
    expect(await model('promote', ['moved'], { previous: true }), 'sent again').toMatchObject({
      exitCode: 3,
      code: 'PREVIOUS_UNKNOWN',
    });
    expect((await model('history', ['moved'])).text).toMatch(/1\.0\.0 +staging → production +gone-back/);
    expect((await model('history', ['moved'], { at: new Date().toISOString() })).text).toContain('moved at');
    expect((await model('history', ['moved'], { at: '2020-01-01' })).text).toContain('had no version in production');
    expect((await model('demote', ['moved', '1.0.0'], { to: 'deprecated' })).text).toBe(
      'moved 1.0.0: production → deprecated in dev',
    );
    expect((await model('list', ['moved'], { limit: '50' })).text).toMatch(/1\.0\.0 +embedding +deprecated/);
  });

  it.each<[string, string[], Record<string, unknown>, number, string]>([
    ['promote', ['m'], {}, 2, 'The version to promote is not named'],
    ['promote', ['m', '1.0.0'], { previous: true }, 2, 'beside --previous'],
    ['promote', ['nobody', '1.0.0'], {}, 2, 'Model nobody is not registered'],
    ['history', ['m'], { at: 'yesterday' }, 2, '--at is not valid: yesterday'],
    ['history', ['m'], { at: '2026-13-01' }, 2, '--at is not valid: 2026-13-01'],
    ['alias', ['m', 'x'], {}, 2, 'is not named'],
    ['alias', ['m', 'x', '1.0.0'], { remove: true }, 2, 'beside --remove'],
    ['alias', ['m', 'latest', '1.0.0'], {}, 2, 'Alias is "latest"'],
    ['list', [], { limit: '0' }, 2, 'wanted 1 to 1000'],
    ['lineage', ['m'], {}, 2, 'The version is not named'],
    ['lineage', ['m', '1.0.0'], { target: 'dataset=x' }, 2, 'beside --target'],
    ['lineage', [], { target: 'planet=x' }, 2, 'is not a kind'],
    ['lineage', ['m', '1.0.0'], { upstream: true, downstream: true }, 2, 'exclude each other'],
    ['lineage', ['m', '1.0.0'], { depth: 'x' }, 2, '--depth is not valid'],
    ['import', ['nowhere.jsonl'], {}, 2, 'nowhere.jsonl cannot be read'],
    ['import', [], {}, 2, 'Nothing to import'],
    ['import', ['a.jsonl'], { fromMlflow: 'http://a' }, 2, 'exclude each other'],
    ['import', [], { conflicts: true, fromMlflow: 'http://a' }, 2, 'takes nothing over'],
    ['import', [], { fromMlflow: 'ftp://a' }, 2, 'wanted one with http or https'],
    ['import', [], { fromMlflow: true }, 2, 'wanted one with http or https'],
  ])('refuse `%s %j %j` with %i', async (verb, args, options, exitCode, words) => {
    expect(await model(verb, args, options)).toMatchObject({
      exitCode,
      text: expect.stringContaining(words) as string,
    });
  });

  it('verify: 0 for what is sound, 3 for what is not, or has no artifact', async () => {
    await model('register', ['checked', '1.0.0'], { ...EMBEDDING, artifact: await fileOf('checked') });
    await model('register', ['checked', '1.1.0'], EMBEDDING);
    const { data, exitCode, text } = await model('verify', ['checked', '1.0.0']);
    expect(exitCode).toBe(0);
    const shown = (await model('show', ['checked', '1.0.0'])).text;
    expect(shown).toMatch(/^signed by +not looked at: mlops model verify checked 1\.0\.0$/m);
    expect(text).toMatch(/^Valid: the artifact of checked 1\.0\.0 is what was registered .*\nSigned by key ada$/);
    expect(data['signer']).toBe('key ada');
    await appendFile(made.store.pathOf(String(data['digest'])), 'x');
    expect(await model('verify', ['checked', '1.0.0'])).toMatchObject({
      exitCode: 3,
      text: expect.stringContaining('NOT VALID') as string,
    });
    expect(await model('promote', ['checked', '1.0.0'])).toMatchObject({ exitCode: 3, code: 'ARTIFACT_MISMATCH' });
    expect(await model('verify', ['checked', '1.1.0'])).toMatchObject({ exitCode: 3, code: 'ARTIFACT_MISSING' });
  });

  it('alias: moves a free one, waits for an approval with a protected one', async () => {
    await model('register', ['named', '1.2.0'], { ...EMBEDDING, type: 'embedding', artifact: await fileOf('named') });
    expect((await model('alias', ['named', 'candidate', '1.2.0'])).text).toBe(
      'candidate of named: nothing → 1.2.0\nUndo: mlops model alias named candidate --remove',
    );
    const waiting = await model('alias', ['named', 'champion', '1.2.0']);
    expect([waiting.exitCode, waiting.text?.split('\n')[0]]).toEqual([
      6,
      'Nothing is changed: champion of named is protected',
    ]);
    const approval = grant(waiting.data['awaiting'], 'named-1');
    expect((await model('alias', ['named', 'champion', '1.2.0'], { approval })).exitCode).toBe(0);
    expect((await model('show', ['named', 'champion'])).text).toMatch(/^aliases +candidate, champion$/m);
    expect(await model('retire', ['named', '1.2.0'], { yes: true })).toMatchObject({
      exitCode: 3,
      code: 'RETIRE_REFUSED',
    });
  });

  it('export: refuses a folder before anything is asked for', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mlops-out-'));
    const before = await eventsOf(pool, 'model');
    const refused = await model('export', [], { out: folder });
    expect(refused).toMatchObject({
      exitCode: 2,
      code: 'OUTPUT_UNWRITABLE',
      text: expect.stringContaining('it is a folder'),
    });
    expect(await eventsOf(pool, 'model')).toEqual(before);
  });

  it('tag and describe: change what is said of a version or a model, each change an event with sealed words', async () => {
    await model('register', ['labelled', '1.0.0'], { ...EMBEDDING, tag: ['draft=yes'] });
    const tagged = await model('tag', ['labelled', '1.0.0'], { set: ['team=search', 'note=a=b'], unset: ['draft'] });
    expect([tagged.exitCode, tagged.text]).toEqual([
      0,
      [
        'labelled 1.0.0: team (none) → search',
        'labelled 1.0.0: note (none) → a=b',
        'labelled 1.0.0: draft yes → (none)',
        "Undo: mlops model tag labelled 1.0.0 --unset team --unset note --set 'draft=yes'",
      ].join('\n'),
    ]);
    expect((await model('tag', ['labelled', '1.0.0'], { set: ['team=search'] })).text).toContain('Nothing is changed');
    const described = await model('describe', ['labelled', '1.0.0'], { text: 'words of ada' });
    expect(described.text).toBe('labelled 1.0.0 is described anew; before: (nothing)');
    expect((await model('show', ['labelled', '1.0.0'])).data).toMatchObject({
      description: 'words of ada',
      tags: { team: 'search', note: 'a=b' },
    });
    const events = await eventsOf(pool, 'model/labelled/1.0.0');
    expect(events.map(({ type }) => type)).toEqual([
      'model.registered',
      'model.tagged',
      'model.tagged',
      'model.untagged',
      'model.described',
    ]);
    expect(JSON.stringify(events)).not.toContain('words of ada');
    expect((await model('tag', ['labelled'], { set: ['owner=retrieval'] })).data).toMatchObject({ version: null });
    expect((await model('describe', ['labelled'], { text: 'vectors', dryRun: true })).data['dryRun']).toBe(true);
    const api = createModelRegistry(async () => await Promise.resolve(registry));
    expect(await api.describeModel({ model: 'labelled', text: 'vectors' })).toMatchObject({ before: '' });
    expect(await api.tagModel({ model: 'labelled', unset: ['owner'] })).toMatchObject({ tags: {} });
    expect((await eventsOf(pool, 'model/labelled')).map(({ type }) => type)).toEqual([
      'model.tagged',
      'model.described',
      'model.untagged',
    ]);
  });

  it.each([
    ['tag', ['labelled', '1.0.0'], {}, 'No tag is named'],
    ['tag', ['labelled', '1.0.0'], { set: ['team'] }, 'wanted NAME=VALUE'],
    ['tag', ['labelled', '1.0.0'], { set: ['a=1'], unset: ['a'] }, 'set and to be taken away'],
    ['tag', ['labelled', '1.0.0'], { set: ['mlops.version=2.0.0'] }, 'does not change'],
    ['tag', ['labelled', '1.0.0'], { unset: ['x'.repeat(300)] }, 'is not a key'],
    ['tag', ['labelled', '9.9.9'], { set: ['a=1'] }, 'has no version 9.9.9'],
    ['tag', ['nobody'], { set: ['a=1'] }, 'is not registered'],
    ['describe', ['labelled', '1.0.0'], {}, 'The description is not given'],
    ['describe', ['labelled'], { text: 'half \ud800' }, 'description is not a text'],
  ] as const)('%s of %s with %j is refused, and changes nothing', async (verb, args, options, words) => {
    const refused = await model(verb, args, options);
    expect([refused.exitCode, refused.text]).toEqual([2, expect.stringContaining(words)]);
  });

  it('endpoint: says where a version answers, which show repeats', async () => {
    await model('register', ['placed', '1.0.0'], { ...EMBEDDING, type: 'embedding' });
    expect((await model('endpoint', ['placed', '1.0.0', 'http://127.0.0.1:9101'])).text).toBe(
      'placed 1.0.0 answers at http://127.0.0.1:9101; before: nowhere\nUndo: mlops model endpoint placed 1.0.0 --remove',
    );
    expect((await model('show', ['placed', '1.0.0'])).text).toMatch(/^answers at +http:\/\/127\.0\.0\.1:9101$/m);
    expect((await model('endpoint', ['placed', '1.0.0', 'http://127.0.0.1:9101'])).text).toContain(
      'Nothing is changed',
    );
    expect(await model('endpoint', ['placed', '1.0.0'])).toMatchObject({ exitCode: 2, code: 'USAGE_INVALID' });
    expect(await model('endpoint', ['placed', '1.0.0', 'http://a.example'])).toMatchObject({
      exitCode: 2,
      code: 'ENDPOINT_NOT_ALLOWED',
    });
    expect((await model('endpoint', ['placed', '1.0.0'], { remove: true })).text).toContain('answers nowhere');
  });

  it('lineage, show --bom, export and import give what they say', async () => {
    const artifact = await fileOf('based');
    await model('register', ['based', '1.0.0'], { ...EMBEDDING, artifact, dataset: ['wiki-2'] });
    expect((await model('lineage', ['based', '1.0.0'], { add: 'base-model=hub/mini' })).text).toBe(
      'Added: based 1.0.0 rests on base-model hub/mini',
    );
    expect((await model('lineage', ['based', '1.0.0'])).text).toBe(
      'based@1.0.0  (embedding, development)\n  base-model hub/mini\n  dataset wiki-2\n2 that it rests on, up to 10 steps away',
    );
    expect((await model('lineage', [], { target: 'dataset=wiki-2', downstream: true })).text).toContain(
      'dataset based@1.0.0  (embedding, development)',
    );
    const bom = JSON.parse((await model('show', ['based', '1.0.0'], { bom: true })).text ?? '') as {
      specVersion: string;
      components: unknown[];
      metadata: { component: { properties: unknown[] } };
    };
    expect(bom.metadata.component.properties).toContainEqual({ name: 'mlops:signer', value: 'key ada' });
    expect([bom.specVersion, bom.components.length]).toEqual(['1.6', 2]);
    const client = createModelRegistry(async () => await Promise.resolve(registry));
    const timestamp = expect.any(String) as string;
    expect(await client.bom({ model: 'based', version: '1.0.0' })).toEqual({
      ...bom,
      metadata: { ...bom.metadata, timestamp },
    });
    const out = join(await mkdtemp(join(tmpdir(), 'mlops-export-')), 'registry.jsonl');
    const { data } = await model('export', [], { out });
    expect((await readFile(out, 'utf8')).split('\n')).toHaveLength(Number(data['rows']) + 3);
    expect((await model('import', [out])).text).toContain('Nothing is changed: the registry holds exactly what');
    expect(await model('import', [await fileOf('x\n')])).toMatchObject({
      exitCode: 2,
      code: 'REGISTRY_IMPORT_INVALID',
    });
  });

  it('retire: asks first, says that it is for good, and is done once', async () => {
    await model('register', ['old', '1.0.0'], EMBEDDING);
    expect((await model('retire', ['old', '1.0.0'], { dryRun: true })).text).toContain(
      'This would retire old 1.0.0 (development)',
    );
    expect(await model('retire', ['old', '1.0.0'])).toMatchObject({
      exitCode: 2,
      text: expect.stringContaining('was not confirmed') as string,
    });
    expect((await model('retire', ['old', '1.0.0'], { yes: true })).text).toContain(
      'Retired: old 1.0.0, development → archived. It cannot be undone',
    );
    expect((await model('retire', ['old', '1.0.0'], { yes: true })).text).toContain('Nothing is changed');
    expect(await model('register', ['old', '1.0.0'], EMBEDDING)).toMatchObject({
      exitCode: 3,
      code: 'VERSION_RETIRED',
    });
  });
});

describe('the registry of a TypeScript program', () => {
  it('has the verbs of the brief, and acts as who runs it', async () => {
    const client = createModelRegistry(async () => await Promise.resolve(registry));
    const metadata = { dimension: 768, distance: 'cosine', tokenizer: 'bert' };
    const metrics = { embedding_latency_ms: 12.3, recall_at_5: 0.89, cosine_similarity_avg: 0.847 };
    const model = 'rag_embeddings_v2';
    const artifact = await fileOf('v2');
    const order = {
      model,
      version: '2.1.0',
      type: 'embedding',
      stage: 'production',
      metadata,
      metrics,
      artifact,
      approvalRequired: true,
    } as const;
    const { version } = await client.registerModel(order);
    expect(version).toMatchObject({ stage: 'development', requestedStage: 'production' });
    expect([...(await made.registry.names([version.author])).values()]).toEqual([currentUser()]);
    const promote = async (to: 'staging' | 'production', approvalId?: string) =>
      await client.promoteModel({ model, version: '2.1.0', to, ...(approvalId === undefined ? {} : { approvalId }) });
    for (const to of ['staging', 'production'] as const) {
      const { awaiting } = await promote(to);
      expect((await promote(to, grant(awaiting, `brief-${to}`))).version.stage).toBe(to);
    }
    expect((await client.productionAt({ model, at: new Date() }))?.version).toBe('2.1.0');
    expect((await client.listVersions({ model })).versions).toHaveLength(1);
    expect((await client.history({ model })).changes).toHaveLength(2);
    expect((await client.verifyArtifact({ model, version: '2.1.0' })).ok).toBe(true);
    expect((await client.lineage({ model, version: '2.1.0', direction: 'downstream' })).nodes).toHaveLength(1);
    await expect(client.goBack({ model })).rejects.toMatchObject({ code: 'PREVIOUS_UNKNOWN' });
    await client.setAlias({ model, alias: 'newest', version: '2.1.0' });
    expect((await client.demoteModel({ model, version: '2.1.0', to: 'staging' })).from).toBe('production');
    expect((await client.getVersion({ model, version: 'newest' })).aliases).toEqual(['newest']);
    expect((await client.retireModel({ model, version: '2.1.0' })).version.stage).toBe('archived');
  });
});
