// Webhooks of the registry: kept in a real database, delivered by real workflows to a real receiver.
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebhookMail } from '../../activities/ports.ts';
import { createWebhookActivities } from '../../activities/webhook.ts';
import { translateErrors } from '../../activities/translate-errors.ts';
import { createErasure } from '../../adapters/postgres/ledger/erase.ts';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import { createDueDeliveries } from '../../adapters/postgres/registry/webhooks/due.ts';
import type { EvidenceParts } from '../../adapters/postgres/rollout-store.ts';
import { createWebhookOutbox } from '../../adapters/temporal/webhook-outbox.ts';
import { portsFrom } from '../../config/load.ts';
import { createWebhookMail, followRegistry } from '../../workers/webhooks.ts';
import { TASK_QUEUE } from '../../workflows/messages.ts';
import { openTestLedger, startDatabase, type TestDatabase } from '../support/database.ts';
import { openWebhooks, startMlflow, type MlflowServer } from '../support/mlflow.ts';
import { OFFSETS } from '../support/offsets.ts';
import { isSignedWith, startHook } from '../support/registry-hook.ts';
import { eventsOf, registrationOf } from '../support/registry.ts';
import { openHouse } from '../support/rollout-workflow.ts';
import { until } from '../support/stack.ts';

const SECRET = 'quokka-orchid-7';
const CREATED = { entity: 'REGISTERED_MODEL', action: 'CREATED' };
const EVERYTHING = [
  CREATED,
  { entity: 'MODEL_VERSION', action: 'CREATED' },
  { entity: 'MODEL_VERSION_TAG', action: 'SET' },
  { entity: 'MODEL_VERSION_TAG', action: 'DELETED' },
  { entity: 'MODEL_VERSION_ALIAS', action: 'CREATED' },
  { entity: 'MODEL_VERSION_ALIAS', action: 'DELETED' },
];

let database: TestDatabase;
let pool: Pool;
let evidence: EvidenceParts;
let server: MlflowServer;
let receiver: Awaited<ReturnType<typeof startHook>>;
let house: Awaited<ReturnType<typeof openHouse>>;
let client: Client;
/** Paths whose receiver is away. */
const away = new Set<string>();
/** Hooks for which it is tried no longer. */
const hopeless = new Set<string>();
/** Attempts that have read what their hook is, and may not have asked its receiver yet. */
const underWay = new Set<Promise<unknown>>();
/** How long the first requests take. */
const slowness = [1500];
const silent = { error: () => undefined };

beforeAll(async () => {
  database = await startDatabase(portsFrom(OFFSETS.webhooks).postgres);
  await migrate(database.url);
  pool = createPool(database.url, 20);
  evidence = await openTestLedger(pool);
  server = await startMlflow(evidence);
  receiver = await startHook((path) => {
    // Whoever does not wait for the one before overtakes it.
    if (path === '/all') return { status: 200, afterMs: slowness.pop() ?? 0 };
    if (path === '/redirects') return { status: 302, location: receiver.urlOf('elsewhere') };
    return { status: away.has(path.slice(1)) ? 503 : 200 };
  });
  const mail = createWebhookMail(openWebhooks(evidence));
  const webhooks: WebhookMail = {
    ...mail,
    async deliver(delivery) {
      if (hopeless.has(delivery.webhookId)) throw ApplicationFailure.nonRetryable('twelve hours are over');
      const attempt = mail.deliver(delivery);
      underWay.add(attempt);
      return await attempt.finally(() => underWay.delete(attempt));
    },
  };
  house = await openHouse(translateErrors(createWebhookActivities({ webhooks })));
  client = house.client;
}, 60_000);
afterAll(async () => {
  await house.close();
  receiver.close();
  await server.close();
  await pool.end();
  await database.remove();
});

const call = async (method: string, path: string, fields: object = {}) => await server.call(method, path, fields);

async function hook(path: string, more: object = {}): Promise<string> {
  const order = { name: path, url: receiver.urlOf(path), events: EVERYTHING, secret: SECRET, ...more };
  const { body, status } = await call('POST', 'webhooks', order);
  expect(body).toMatchObject({ webhook: { name: path } });
  expect(status).toBe(200);
  return body.webhook?.webhook_id ?? '';
}

async function model(name: string, more: object = {}): Promise<void> {
  expect(await call('POST', 'registered-models/create', { name, ...more })).toMatchObject({ status: 200 });
}

const isError = (status: number, error_code: string, message = '') => ({
  status,
  body: { error_code, message: expect.stringContaining(message) as string },
});

/** Everything that a dump of the database holds. */
async function dump(): Promise<string> {
  const { rows } = await pool.query<{ tablename: string }>(
    `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`,
  );
  const texts = rows.map(async ({ tablename }) => {
    const content = await pool.query<{ row: string }>(`SELECT t::text AS row FROM ${tablename} AS t`);
    return content.rows.map(({ row }) => row).join('\n');
  });
  return (await Promise.all(texts)).join('\n');
}

describe('a webhook', () => {
  it('is made, read, changed and deleted, and its secret is in no answer, event or dump', async () => {
    const made = await call('POST', 'webhooks', {
      name: 'ci',
      url: receiver.urlOf('ci'),
      events: [CREATED, CREATED],
      secret: SECRET,
      description: 'starts the tests',
    });
    const id = made.body.webhook?.webhook_id ?? '';
    const shape = {
      webhook_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      name: 'ci',
      url: receiver.urlOf('ci'),
      events: [CREATED],
      status: 'ACTIVE',
      description: 'starts the tests',
      creation_timestamp: expect.any(Number) as number,
      last_updated_timestamp: expect.any(Number) as number,
    };
    expect(made).toEqual({ status: 200, body: { webhook: shape } });
    expect(await call('GET', `webhooks/${id}`)).toEqual(made);
    const changed = await call('PATCH', `webhooks/${id}`, {
      status: 'DISABLED',
      description: '',
      secret: `${SECRET}2`,
    });
    expect(changed.body.webhook).toMatchObject({ name: 'ci', status: 'DISABLED' });
    expect(changed.body.webhook).not.toHaveProperty('description');
    expect(await eventsOf(pool, `webhook/${id}`)).toMatchObject([
      { type: 'webhook.created', facts: { isActive: true, isSigned: true, events: ['registered_model.created'] } },
      { type: 'webhook.changed', facts: { isActive: false } },
    ]);
    const everything = `${JSON.stringify([made, changed])}${await dump()}`;
    expect(everything).toContain('registered_model.created');
    expect(everything).not.toContain(SECRET);
    expect(everything).not.toContain(Buffer.from(SECRET).toString('hex'));
    expect(await call('DELETE', `webhooks/${id}`)).toEqual({ status: 200, body: {} });
    const gone = isError(404, 'RESOURCE_DOES_NOT_EXIST', `Webhook with ID ${id} not found.`);
    for (const method of ['GET', 'PATCH', 'DELETE']) expect(await call(method, `webhooks/${id}`)).toMatchObject(gone);
    expect((await eventsOf(pool, `webhook/${id}`)).at(-1)).toMatchObject({ type: 'webhook.deleted' });
    const { rows } = await pool.query('SELECT secret, secret_key FROM webhook WHERE webhook_id = $1', [id]);
    expect(rows).toEqual([{ secret: null, secret_key: null }]);
  });

  it.each([
    ['a name with capitals', { name: 'CI' }, "Webhook name 'CI' is invalid"],
    ['no events', { events: [] }, 'events'],
    ['events that are never told here', { events: [{ entity: 'PROMPT', action: 'CREATED' }] }, 'prompt.created'],
    [
      'a combination that does not exist',
      { events: [{ entity: 'MODEL_VERSION', action: 'SET' }] },
      'model_version.set',
    ],
    [
      'a host that is not listed',
      { url: 'https://example.com/hook' },
      'registry.webhook_hosts of config/governance.yaml',
    ],
    ['plain http to elsewhere', { url: 'http://example.com/hook' }, 'wanted https:'],
    ['a password in the address', { url: 'https://me:word@127.0.0.1/hook' }, 'user name or password'],
    ['no address', { url: 'hook' }, 'URL'],
    ['a state nobody knows', { status: 'PAUSED' }, 'ACTIVE or DISABLED'],
  ])('is refused with %s, and nothing is there', async (_what, more, message) => {
    const order = { name: 'wrong', url: receiver.urlOf('wrong'), events: [CREATED], ...more };
    expect(await call('POST', 'webhooks', order)).toMatchObject(isError(400, 'INVALID_PARAMETER_VALUE', message));
    expect((await call('GET', 'webhooks')).body.webhooks ?? []).not.toContainEqual(
      expect.objectContaining({ name: 'wrong' }),
    );
  });

  it('is listed newest first, page by page', async () => {
    const names = ['page-0', 'page-1', 'page-2'];
    for (const name of names) await hook(name, { status: 'DISABLED' });
    const found: string[] = [];
    for (let token = ''; ;) {
      const { body } = await call('GET', 'webhooks', {
        max_results: 2,
        ...(token === '' ? {} : { page_token: token }),
      });
      found.push(...(body.webhooks ?? []).map(({ name }) => name));
      token = body.next_page_token ?? '';
      if (token === '') break;
    }
    expect(found.filter((name) => names.includes(name))).toEqual(names.toReversed());
    expect(await call('GET', 'webhooks', { max_results: 1001 })).toMatchObject(isError(400, 'INVALID_PARAMETER_VALUE'));
  });

  it('is tried out with an example, signed, and what came back is told', async () => {
    const id = await hook('tried', { status: 'DISABLED' });
    expect((await call('POST', `webhooks/${id}/test`)).body.result).toEqual({
      success: true,
      response_status: 200,
      response_body: 'answer 200',
    });
    const event = { entity: 'MODEL_VERSION_TAG', action: 'SET' };
    away.add('tried');
    expect((await call('POST', `webhooks/${id}/test`, { event })).body.result).toMatchObject({
      success: false,
      response_status: 503,
    });
    const [first, second] = receiver.of('tried');
    if (first === undefined || second === undefined) throw new Error('two were wanted');
    expect([isSignedWith(SECRET, first), isSignedWith(SECRET, second), isSignedWith('other', first)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(second.body).toMatchObject({ entity: 'model_version_tag', action: 'set', data: { key: 'example_key' } });
    expect((await eventsOf(pool, `webhook/${id}`)).at(-1)).toMatchObject({
      type: 'webhook.tested',
      facts: { event: 'model_version_tag.set', success: false, status: 503 },
    });
  });

  it('follows no redirect', async () => {
    const id = await hook('redirects', { status: 'DISABLED' });
    expect((await call('POST', `webhooks/${id}/test`)).body.result).toMatchObject({
      success: false,
      response_status: 302,
    });
    expect(receiver.of('elsewhere')).toEqual([]);
  });

  it('is the affair of an admin; an auditor may look', async () => {
    const auditors = await startMlflow(evidence, { roles: ['auditor'] });
    const order = { name: 'theirs', url: receiver.urlOf('theirs'), events: [CREATED] };
    expect(await auditors.call('POST', 'webhooks', order)).toMatchObject(isError(403, 'PERMISSION_DENIED'));
    expect(await auditors.call('GET', 'webhooks')).toMatchObject({ status: 200 });
    await auditors.close();
    const engineers = await startMlflow(evidence, { roles: ['engineer'] });
    expect(await engineers.call('GET', 'webhooks')).toMatchObject(isError(403, 'PERMISSION_DENIED'));
    await engineers.close();
  });

  it('cannot be changed in the database without its event, nor taken away', async () => {
    await hook('kept', { status: 'DISABLED' });
    await expect(pool.query(`UPDATE webhook SET url = 'https://elsewhere' WHERE name = 'kept'`)).rejects.toThrow(
      'no event',
    );
    await expect(pool.query(`DELETE FROM webhook WHERE name = 'kept'`)).rejects.toThrow('append-only');
  });
});

const due = () => createDueDeliveries(pool, 'dev');
const start = async (...given: Parameters<ReturnType<typeof createWebhookOutbox>>) =>
  await createWebhookOutbox(client, TASK_QUEUE)(...given);
/** Until as many deliveries to a hook are listed, which they are a while after they were started; never more. */
const listed = async (webhookId: string, count: number): Promise<void> => {
  const look = async () => {
    const found: string[] = [];
    for await (const { workflowId } of client.workflow.list({ query: `WorkflowType = 'webhookDelivery'` }))
      if (workflowId.includes(webhookId)) found.push(workflowId);
    return found;
  };
  const found = await until(look, ({ length }) => length >= count, 30_000, 100);
  expect(found).toHaveLength(count);
};

/** Follows the log while a test does something, and until that holds. */
async function following(work: () => Promise<void>, holds: () => boolean): Promise<void> {
  const follower = followRegistry(due(), start, silent);
  try {
    await work();
    await until(
      async () => await Promise.resolve(holds()),
      (done) => done,
      30_000,
      100,
    );
  } finally {
    await follower.close();
  }
}

const saidTo = (path: string) =>
  receiver.of(path).map(({ body: { action, data, entity } }) => [`${entity}.${action}`, data] as const);

describe('deliveries', () => {
  it('tell every change, in the order of the log, whoever made it', async () => {
    await hook('all');
    const source = 's3://models/one';
    const work = async () => {
      await model('spoken', { description: 'a plan', tags: [{ key: 'team', value: 'red' }] });
      await call('POST', 'model-versions/create', {
        name: 'spoken',
        source,
        run_id: 'r1',
        tags: [{ key: 'n', value: 1 }],
      });
      await call('POST', 'model-versions/set-tag', { name: 'spoken', version: '1', key: 'k', value: 'v' });
      await call('DELETE', 'model-versions/delete-tag', { name: 'spoken', version: '1', key: 'k' });
      await call('POST', 'registered-models/alias', { name: 'spoken', alias: 'candidate', version: '1' });
      await call('DELETE', 'registered-models/alias', { name: 'spoken', alias: 'candidate' });
      // As the command line does, not over the protocol.
      const registration = registrationOf('typed', '2.0.0', { description: 'by hand' });
      await server.registry.register({ registration, artifactPath: null, wantsProduction: false, actor: 'ada' });
      await server.registry.alias({
        model: 'typed',
        alias: 'newest',
        version: '2.0.0',
        approvalId: null,
        reason: 'new',
        actor: 'ada',
      });
    };
    await following(work, () => receiver.of('all').length >= 9);
    expect(saidTo('all')).toEqual([
      ['registered_model.created', { name: 'spoken', tags: { team: 'red' }, description: 'a plan' }],
      [
        'model_version.created',
        { name: 'spoken', version: '1', source, run_id: 'r1', tags: { n: '1' }, description: null },
      ],
      ['model_version_tag.set', { name: 'spoken', version: '1', key: 'k', value: 'v' }],
      ['model_version_tag.deleted', { name: 'spoken', version: '1', key: 'k' }],
      ['model_version_alias.created', { name: 'spoken', alias: 'candidate', version: '1' }],
      ['model_version_alias.deleted', { name: 'spoken', alias: 'candidate' }],
      ['registered_model.created', { name: 'typed', tags: {}, description: null }],
      [
        'model_version.created',
        { name: 'typed', version: '1', source: '', run_id: null, tags: {}, description: 'by hand' },
      ],
      ['model_version_alias.created', { name: 'typed', alias: 'newest', version: '1' }],
    ]);
    const calls = receiver.of('all');
    expect(calls.every((one) => isSignedWith(SECRET, one))).toBe(true);
    expect(new Set(calls.map(({ deliveryId }) => deliveryId)).size).toBe(calls.length);
  });

  it('tell only what was subscribed when it happened, however late that is read', async () => {
    await model('before');
    const id = await hook('choosy', { events: [CREATED] });
    await model('wanted');
    await call('PATCH', `webhooks/${id}`, { events: [EVERYTHING[1]] });
    await model('unwanted');
    await call('POST', 'model-versions/create', { name: 'unwanted', source: 's3://m/1' });
    await following(
      async () => undefined,
      () => receiver.of('choosy').length >= 2,
    );
    expect(saidTo('choosy').map(([told, data]) => [told, (data as { name: string }).name])).toEqual([
      ['registered_model.created', 'wanted'],
      ['model_version.created', 'unwanted'],
    ]);
  });

  it('are started once when who starts them dies before it has moved on, and when two do at once', async () => {
    const id = await hook('once', { events: [CREATED] });
    await model('once_1');
    await model('once_2');
    const found = await due().read();
    if (found === null) throw new Error('nothing is due');
    // Killed between: one is started, nothing was noted.
    await start(found.deliveries.slice(0, 1));
    const both = [followRegistry(due(), start, silent), followRegistry(due(), start, silent)];
    await until(
      async () => await due().read(),
      (left) => left === null,
      30_000,
      100,
    );
    for (const one of both) await one.close();
    await until(
      async () => await Promise.resolve(receiver.of('once').length),
      (count) => count >= 2,
      30_000,
      100,
    );
    await listed(id, 2);
    expect(saidTo('once')).toHaveLength(2);
  });

  it('lose nothing when they cannot be started', async () => {
    await hook('engine', { events: [CREATED] });
    await model('engine_1');
    let refusals = 0;
    const refusing = async () => {
      refusals += 1;
      return await Promise.reject(new Error('the engine is away'));
    };
    const follower = followRegistry(due(), refusing, silent);
    await until(
      async () => await Promise.resolve(refusals),
      (count) => count >= 1,
      30_000,
      50,
    );
    await follower.close();
    expect(saidTo('engine')).toEqual([]);
    await following(
      async () => undefined,
      () => receiver.of('engine').length >= 1,
    );
    expect(saidTo('engine')).toMatchObject([['registered_model.created', { name: 'engine_1' }]]);
  });

  it('go on until a receiver that was down is up: the same id and body, a signature of its own', async () => {
    away.add('down');
    await hook('down', { events: [CREATED] });
    await following(
      async () => await model('patient'),
      () => receiver.of('down').length >= 2,
    );
    away.delete('down');
    await until(
      async () => await Promise.resolve(receiver.of('down')),
      (calls) => calls.some(({ answered }) => answered === 200),
      30_000,
      100,
    );
    const calls = receiver.of('down');
    expect(new Set(calls.map(({ deliveryId }) => deliveryId)).size).toBe(1);
    expect(new Set(calls.map(({ text }) => text)).size).toBe(1);
    expect(calls.every((one) => isSignedWith(SECRET, one))).toBe(true);
    expect(calls[0]?.deliveryId).toMatch(/-\d+$/);
  });

  it('end when their hook is disabled', async () => {
    away.add('off');
    const id = await hook('off', { events: [CREATED] });
    await following(
      async () => await model('for_nobody'),
      () => receiver.of('off').length >= 1,
    );
    await call('PATCH', `webhooks/${id}`, { status: 'DISABLED' });
    await Promise.allSettled(underWay);
    away.delete('off');
    const { deliveryId = '' } = receiver.of('off')[0] ?? {};
    expect(await client.workflow.getHandle(`webhook/${deliveryId}`).result()).toBe('dropped');
    expect(receiver.of('off').every(({ answered }) => answered === 503)).toBe(true);
  });

  it('say nothing of what was erased meanwhile', async () => {
    await hook('forgetful', { events: [CREATED] });
    await model('erased', { description: 'the name of a person', tags: [{ key: 'who', value: 'a person' }] });
    await createErasure(evidence, async () => await Promise.resolve()).erase({
      subject: 'model/erased',
      reason: 'asked for',
      actor: 'officer',
    });
    await following(
      async () => undefined,
      () => receiver.of('forgetful').length >= 1,
    );
    expect(saidTo('forgetful')).toEqual([
      ['registered_model.created', { name: 'erased', tags: {}, description: null }],
    ]);
  });

  it('that failed for good are an event of their hook, once, and a workflow that failed', async () => {
    const webhookId = await hook('lost', { status: 'DISABLED' });
    // The one before it was never there.
    const delivery = {
      id: `${webhookId}-0-7`,
      webhookId,
      sequence: 7,
      told: 'registered_model.created',
      previous: 'x',
    } as const;
    hopeless.add(webhookId);
    await start([delivery]);
    await expect(client.workflow.getHandle(`webhook/${delivery.id}`).result()).rejects.toThrow();
    await createWebhookMail(openWebhooks(evidence)).recordFailure(delivery, 'said again');
    const events = await eventsOf(pool, `webhook/${webhookId}`);
    expect(events.filter(({ type }) => type === 'webhook.delivery-failed')).toMatchObject([
      { facts: { sequence: 7, event: 'registered_model.created' } },
    ]);
  });

  it('hold no secret in their histories', async () => {
    for await (const { workflowId } of client.workflow.list({ query: `WorkflowType = 'webhookDelivery'` })) {
      const history = await client.workflow.getHandle(workflowId).fetchHistory();
      const payloads = JSON.stringify(history).matchAll(/"data":"([^"]*)"/g);
      const text = [...payloads].map(([, data = '']) => Buffer.from(data, 'base64').toString('utf8')).join('\n');
      expect(text).toContain('webhookId');
      expect(text).not.toContain(SECRET);
    }
  });
});
