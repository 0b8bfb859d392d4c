// A registry in which people have done everything that can be done, in an order that a number gives.
import fc from 'fast-check';
import { createErasure } from '../../adapters/postgres/ledger/erase.ts';
import { deleteModel, renameModel } from '../../adapters/postgres/registry/mlflow/end-model.ts';
import { createModel, tagModel } from '../../adapters/postgres/registry/mlflow/models.ts';
import { createVersion, deleteVersion, getMlflowVersion } from '../../adapters/postgres/registry/mlflow/versions.ts';
import { createApprovalReader } from '../../adapters/postgres/registry/approval-reader.ts';
import type { Registry, VersionOrder } from '../../client/registry-port.ts';
import { readBom } from '../../client/registry/read-bom.ts';
import { isMlopsError, messageOf } from '../../domain/errors.ts';
import { IMPORTED_MARK } from '../../domain/registry/imported-name.ts';
import type { AwaitedApproval, VersionRecord } from '../../domain/registry/records.ts';
import { fileOf, registrationOf, type createTestRegistry } from './registry.ts';

type Made = Awaited<ReturnType<typeof createTestRegistry>>;

const PEOPLE = ['ada', 'bob', 'eve', 'Zoë \u2028 O’Neil'];
const MODELS = ['emb', 'ret', 'Rer-2', 'über', 'a/b'];

/** Something that somebody does, with numbers that say who and with what. */
interface Act {
  readonly what: number;
  readonly who: number;
  readonly model: number;
  readonly minor: number;
  readonly word: string;
}

const ACT = fc.record<Act>({
  what: fc.nat(17),
  who: fc.nat(PEOPLE.length - 1),
  model: fc.nat(MODELS.length - 1),
  minor: fc.nat(3),
  word: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
});

/** Has people do `count` things, of which those count that no rule refuses. Erases bob at the end. */
export async function liveIn(made: Made, seed: number, count = 250): Promise<void> {
  const acts =
    fc.sample(fc.array(ACT, { minLength: count, maxLength: count, size: 'max' }), { numRuns: 1, seed })[0] ?? [];
  // What needs several others comes first in the order that leads there.
  for (const act of [...STORY, ...acts])
    await perform(made, act).catch((error: unknown) => {
      if (!isMlopsError(error)) throw error;
    });
  const { principals } = made.parts;
  const subject = (await principals.actor('bob')).id;
  const order = { subject, reason: 'asked to', actor: 'ada' };
  await createErasure(made.parts, async () => await Promise.resolve()).erase(order);
}

const step = (what: number, model: number, minor: number, who = 0): Act => ({ what, who, model, minor, word: 'first' });
/** Two versions into production one after the other, a protected alias, one that is retired, a name that is used again. */
const STORY: readonly Act[] = [
  ...[0, 1, 2].map((minor) => step(0, 0, minor)),
  ...[0, 1].flatMap((minor) => [step(1, 0, minor, 1), step(2, 0, minor, 2)]),
  step(4, 0, 0),
  step(3, 0, 0),
  step(5, 0, 0),
  step(6, 0, 2),
  step(8, 0, 1, 1),
  step(9, 0, 0, 1),
  step(10, 1, 0, 1),
  step(11, 1, 0),
  step(12, 1, 1),
  step(13, 1, 0),
  step(14, 1, 0),
  step(10, 2, 0),
  step(15, 2, 0),
];

async function perform(made: Made, { minor, model: at, what, who, word }: Act): Promise<void> {
  const { approvals, parts, registry } = made;
  const [actor, model, version] = [PEOPLE[who] ?? '', MODELS[at] ?? '', `1.${minor}.0`];
  const name = { model, version, actor, reason: word };
  const approved = async (awaiting: AwaitedApproval | null): Promise<string | null> => {
    if (awaiting === null) return null;
    const approvalId = `apr-${made.parts.environment}-${Math.floor(performance.now() * 1000)}`;
    const approvers = await Promise.all(['eve', 'bob'].map(async (one) => (await parts.principals.actor(one)).id));
    approvals.grant({ approvalId, ...awaiting }, approvers);
    return approvalId;
  };
  const toProduction = async (): Promise<void> => {
    const order = { ...name, to: 'production', expectedProduction: await registry.production({ model }) } as const;
    const { awaiting } = await registry.promote({ ...order, approvalId: null });
    await registry.promote({ ...order, approvalId: await approved(awaiting) });
  };
  const protect = async (): Promise<void> => {
    const order = { ...name, alias: 'champion' };
    const { awaiting } = await registry.alias({ ...order, approvalId: null });
    await registry.alias({ ...order, approvalId: await approved(awaiting) });
  };
  const byId = async () => await parts.principals.actor(actor);
  const mlflow = { ...parts, registry };
  const external = {
    source: `s3://there/${word}`,
    runId: `run${minor}`,
    runLink: '',
    description: word,
    tags: { [`k${minor}`]: word },
  };
  const dependencies = [{ kind: 'dataset' as const, target: `wiki-${minor}` }];
  const registration = registrationOf(model, version, { description: word, tags: { word }, dependencies });
  await [
    async () =>
      await registry.register({ registration, artifactPath: await fileOf(model), wantsProduction: minor === 2, actor }),
    async () => await registry.promote({ ...name, to: 'staging', expectedProduction: null, approvalId: null }),
    toProduction,
    async () => await registry.alias({ ...name, alias: `a${minor}`, approvalId: null }),
    protect,
    async () => await registry.endpoint({ ...name, endpoint: minor === 3 ? null : `http://127.0.0.1:${9000 + minor}` }),
    async () => await registry.retire(name),
    async () => await registry.demote({ ...name, to: minor === 1 ? 'deprecated' : 'staging' }),
    async () => await registry.tag({ ...name, set: { [`t${minor}`]: word }, unset: ['word'] }),
    async () => await registry.describe({ ...name, description: word }),
    async () => await createModel(parts, { name: model, description: word, tags: {}, actor: await byId() }),
    async () => await createVersion(parts, { model, ...external }, await byId()),
    async () =>
      await createVersion(parts, { model, ...external, takenFrom: `http://a#${model}/${minor}@1` }, await byId()),
    async () => await deleteVersion(mlflow, { model, ordinal: minor + 1, actor: await byId() }),
    async () => await deleteModel(mlflow, { name: model, actor: await byId() }),
    async () => await renameModel(mlflow, { name: model, newName: `${model}-${minor}`, actor: await byId() }),
    async () =>
      await registry.depend({ ...name, dependency: { kind: 'model', target: `${MODELS[minor] ?? ''}@1.0.0` } }),
    async () => await tagModel(parts, { name: model, key: 'team', value: word, actor: await byId() }),
  ][what]?.();
}

/** What differs between two installations that say the same: where events stand in the log, and that one took it from the other. */
const OF_ITS_OWN = ['isImported', 'ledgerSequence', 'timestamp'];

/** Everything that the registry answers. */
export async function answersOf({ parts, registry }: Made): Promise<unknown> {
  const { pool } = parts;
  const ACTOR = { actor: 'ada' };
  const { rows } = await pool.query<{ name: string }>('SELECT DISTINCT name FROM model ORDER BY name');
  const everybody = await pool.query<{ id: string }>(`SELECT DISTINCT unnest(approvers || actor) AS id FROM stage_change
    UNION SELECT author FROM model_version UNION SELECT author FROM model ORDER BY id`);
  const answers: unknown[] = [
    await registry.models({ ...ACTOR, after: null, limit: 100 }),
    [...(await registry.names(everybody.rows.map(({ id }) => id)))].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ];
  for (const { name: model } of rows) {
    const { changes } = await registry.history({ ...ACTOR, model, after: null, limit: 1000 });
    const approvals = new Set(changes.flatMap(({ approvalId }) => approvalId ?? []));
    const pages = { stage: null, withRetired: true, after: null, limit: 1000 } as const;
    const listed = await registry.versions({ ...ACTOR, ...pages, model }).catch((error: unknown) => {
      // One that is ended has a history alone.
      if (!isMlopsError(error, 'MODEL_NOT_FOUND')) throw error;
      return { versions: [] };
    });
    answers.push({
      history: changes,
      production: (await registry.productionAt({ ...ACTOR, model, at: new Date() }))?.version,
      approvals: await Promise.all([...approvals].map(async (id) => await createApprovalReader(pool).shown(id))),
      versions: await Promise.all(
        listed.versions.map(async (version) => await answersAbout({ parts, registry }, version)),
      ),
    });
  }
  const plain = JSON.stringify(answers, (key, value: unknown) => (OF_ITS_OWN.includes(key) ? undefined : value));
  return JSON.parse(plain.replaceAll(IMPORTED_MARK, ''));
}

async function answersAbout(
  { parts, registry }: Pick<Made, 'parts' | 'registry'>,
  { ordinal, registration }: VersionRecord,
) {
  const start = { model: registration.model, version: registration.version };
  const as = <Order extends object>(order: Order) => ({ ...order, actor: 'ada' });
  const asked = {
    version: async (order: VersionOrder) => await registry.version(as(order)),
    signer: async (order: VersionOrder) => await registry.signer(as(order)),
    lineage: async (order: Parameters<Registry['lineage']>[0]) => await registry.lineage(as(order)),
  };
  return {
    shown: await asked.version(start),
    upstream: await asked.lineage({ start, direction: 'upstream', depth: 10 }),
    downstream: await asked.lineage({ start, direction: 'downstream', depth: 10 }),
    bom: await readBom(asked, start),
    mlflow: await getMlflowVersion(parts, { model: start.model, ordinal }).catch(messageOf),
  };
}
