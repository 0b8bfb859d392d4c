import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkflowClient } from '@temporalio/client';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentIdentity } from '../../adapters/identity/own-identity.ts';
import { databaseUrlOf } from '../../adapters/postgres/pool.ts';
import { connectTemporal } from '../../adapters/temporal/connect.ts';
import { loadConfig } from '../../config/load.ts';
import { contentOfAsk } from '../../domain/registry/approval/ask.ts';
import { assembleRequest } from '../../client/rollouts/request.ts';
import { rolloutIdOf } from '../../client/rollouts/rollout-id.ts';
import { TASK_QUEUE, type RolloutStatus } from '../../workflows/messages.ts';
import { expectKnownTypes } from '../support/known-types.ts';
import { findLeaks, planted, textAt, type Place } from '../support/leaks.ts';
import { OFFSETS } from '../support/offsets.ts';
import { plantSecrets, readPlaces, useSecrets } from '../support/secrets.ts';
import { createProject, until, type Run, type TestProject } from '../support/stack.ts';
import { startTraffic, type Traffic } from '../support/traffic.ts';

const DEPLOYMENT = `
canary:
  tick_seconds: 1
  warm_up_seconds: 1
  minimum_requests: 20
  max_deployment_hours: 0.1
  bake_minutes: 0.02
  steps: [{ weight: 20, window_minutes: 5, gate: true }]
judge: { absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors], response_time_floor_ms: 1000 }
`;
const ENV = { MLOPS_ENV: 'production', MLOPS_PORT_OFFSET: String(OFFSETS.production) };
const MODEL = 'rag_api';

describe('in production', () => {
  let project: TestProject;
  let traffic: Traffic;
  let started: string[];
  let endpoints: Record<string, string> = {};
  let setUp: Run;
  let secrets: Awaited<ReturnType<typeof plantSecrets>>;
  /** What the command line has said to anybody. */
  const said: Place[] = [];

  /** Runs the command line as somebody; null: whoever the operating system says. */
  const as = async (name: string | null, ...args: string[]): Promise<Run> => {
    const run = await project.mlops(args, { env: { ...ENV, ...(name === null ? {} : { MLOPS_IDENTITY: name }) } });
    // A link is made for who reads it there.
    if (!args.includes('--link')) said.push(textAt(`mlops ${args.slice(0, 3).join(' ')}`, run.stdout + run.stderr));
    return run;
  };
  const status = async (): Promise<RolloutStatus> => {
    const { stdout } = await as('olga', 'rollout', 'status', '--model', MODEL, '-o', 'json');
    return JSON.parse(stdout === '' ? '{}' : stdout) as RolloutStatus;
  };
  const start = async (name: string | null): Promise<Run> => await as(name, ...started);

  const registerIndex = async (version: string): Promise<void> => {
    const file = join(project.root, 'index.bin');
    await writeFile(file, `index of ${version}`);
    const typed = `--type retriever --metadata index_embedding=none --index-version words-1 --artifact ${file}`;
    const registered = await as('emil', ...`model register ${MODEL} ${version} ${typed}`.split(' '));
    expect(registered.code, registered.stderr).toBe(0);
  };
  const placeVersion = async (version: string, endpoint: string): Promise<void> => {
    const placed = await as('olga', 'model', 'endpoint', MODEL, version, endpoint);
    expect(placed.code, placed.stderr).toBe(0);
  };
  /** Takes a version to staging and asks for production. Returns the approval. */
  const askFor = async (version: string): Promise<string> => {
    await registerIndex(version);
    expect((await as('emil', 'model', 'promote', MODEL, version)).code).toBe(0);
    const asked = await as('emil', 'model', 'promote', MODEL, version, '-o', 'json');
    expect(asked.code, asked.stderr).toBe(6);
    return (JSON.parse(asked.stdout) as { awaiting: { approvalId: string } }).awaiting.approvalId;
  };
  const stageOf = async (version: string): Promise<string> =>
    (JSON.parse((await as('vera', 'model', 'show', MODEL, version, '-o', 'json')).stdout) as { stage: string }).stage;

  beforeAll(async () => {
    project = await createProject(OFFSETS.production, DEPLOYMENT);
    secrets = await plantSecrets(project.root);
    setUp = await as(null, 'up', '--detach');
    if (setUp.code !== 0) throw new Error(setUp.stderr);
    const [stable, canary] = [await project.startService('1.0.0'), await project.startService('1.1.0')];
    traffic = startTraffic({ url: project.gateway, model: MODEL, perSecond: 100 });
    endpoints = { '1.0.0': stable, '1.1.0': canary };
    const versions = `--model ${MODEL} --from 1.0.0 --to 1.1.0 --endpoint 1.0.0=${stable} --endpoint 1.1.0=${canary}`;
    started = `rollout start ${versions} --detach -o json`.split(' ');
    for (const [name, ...roles] of [
      ['olga', 'operator'],
      ['anna', 'approver'],
      ['vera', 'viewer'],
      ['emil', 'engineer'],
      ['aldo', 'approver'],
      ['arno', 'approver'],
      ['sven', 'operator', 'approver'],
    ] as const) {
      const made = await as(null, 'identity', 'create', name, ...roles.flatMap((role) => ['--role', role]));
      if (made.code !== 0) throw new Error(made.stderr);
    }
  });
  afterAll(async () => {
    await traffic?.stop();
    secrets?.close();
    await project?.mlops(['down'], { env: ENV });
    await project?.remove();
  });

  it('who sets it up is the first admin, is told so, and may start nothing by that', async () => {
    expect(setUp.stderr).toContain('the first admin of a new installation (no other role)');
    const refused = await start(null);
    expect(refused.code).toBe(0);
    const ended = await until(status, ({ phase }) => phase === 'closed', 30_000);
    expect(ended.outcome).toBe('failed');
    expect(ended.reason).toMatch(/^NOT_AUTHORISED: principal:[0-9a-f]+ may not do rollout.start/);
    expect((await as(null, 'rollout', 'status', '--model', MODEL)).code).toBe(4);
  });

  it('whoever may not, is refused with exit code 4, and it is in the ledger', async () => {
    const refused = await as('vera', 'audit', 'query');
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toContain('may not do audit.query on ledger: has viewer, wanted auditor or admin');
    const events = await as(null, 'audit', 'query', '--type', 'audit.query-refused', '-o', 'json');
    expect(JSON.parse(events.stdout)).toMatchObject({ events: [{ type: 'audit.query-refused', risk: 'medium' }] });
  });

  it("whose login in the database is no admin replaces their own key through the worker, and nobody else's", async () => {
    const url = databaseUrlOf(loadConfig({ env: ENV, workingDirectory: project.root }).config);
    const owner = new Client({ connectionString: url });
    await owner.connect();
    await owner.query(`CREATE ROLE vera_login LOGIN PASSWORD 'secret' IN ROLE mlops_cli`);
    const login = new URL(url);
    [login.username, login.password] = ['vera_login', 'secret'];
    const env = { ...ENV, DATABASE_URL: login.href, MLOPS_IDENTITY: 'vera' };
    const file = join(project.root, '.mlops/identities/vera.json');
    const before = await readFile(file, 'utf8');
    const other = await project.mlops(['identity', 'rotate', 'olga'], { env });
    expect([other.code, other.stderr]).toEqual([4, expect.stringContaining('may not do identity.rotate on identity')]);
    const rotated = await project.mlops(['identity', 'rotate', 'vera', '--reason', 'yearly'], { env });
    expect(rotated.code, rotated.stderr).toBe(0);
    expect(await readFile(file, 'utf8')).not.toBe(before);
    const events = await as(null, 'audit', 'query', '--type', 'identity.own-key-replaced', '-o', 'json');
    const { events: said } = JSON.parse(events.stdout) as { events: { resource: string; actor: { id: string } }[] };
    expect(said).toMatchObject([{ actor: { id: said[0]?.resource, authentication: 'ed25519' }, risk: 'medium' }]);
    expect((await as('vera', 'model', 'list')).code, 'the new key counts').toBe(0);
    await owner.query('DROP ROLE vera_login');
    await owner.end();
  });

  it('versions that are not registered, or not approved, get no users', async () => {
    const refusalOf = async (): Promise<string> => {
      expect((await start('olga')).code).toBe(0);
      const ended = await until(status, ({ phase }) => phase === 'closed', 30_000);
      expect(ended.outcome).toBe('failed');
      expect((await as('olga', 'rollout', 'status', '--model', MODEL)).code).toBe(3);
      return ended.reason ?? '';
    };
    expect(await refusalOf()).toContain('it is not registered, and in production every model is');
    for (const version of ['1.0.0', '1.1.0']) await registerIndex(version);
    expect(await refusalOf()).toContain('the registry does not say where 1.0.0 answers, and in production it must');
    for (const [version, endpoint] of Object.entries(endpoints)) await placeVersion(version, endpoint);
    expect(await refusalOf()).toContain('1.0.0 was never approved for production, and users would go back to it');
    const first = await askFor('1.0.0');
    for (const name of ['anna', 'aldo', 'arno']) await as(name, 'approval', 'approve', first);
    expect(await stageOf('1.0.0')).toBe('production');
    expect(await refusalOf()).toContain('1.1.0 is in development, wanted staging');
    const approvalId = await askFor('1.1.0');
    expect(await refusalOf()).toContain(`approval ${approvalId} of 1.1.0 is pending`);
    for (const name of ['anna', 'aldo', 'arno']) await as(name, 'approval', 'approve', approvalId);
    expect(await stageOf('1.1.0'), 'no users are anywhere: it needs no rollout').toBe('production');
  }, 120_000);

  /** The request that the open rollout has at its gate. */
  const gateOf = async (): Promise<string> => {
    const { requests } = await until(status, ({ requests: open = [] }) => open.length > 0, 60_000);
    return requests?.[0]?.approvalId ?? '';
  };

  it('a rollout waits at its gate for two others than who started it, and a killed worker changes nothing', async () => {
    expect((await start('sven')).code).toBe(0);
    const approvalId = await gateOf();
    const listed = await as('vera', 'approval', 'list');
    expect(listed.stdout).toContain('rollout/production/rag_api/gate/1/');
    const shown = await as('vera', 'approval', 'show', approvalId);
    expect(shown.code, shown.stderr).toBe(6);
    expect(shown.stdout).toContain('users: 0 % → 20 %');
    expect(shown.stdout).toMatch(/may not decide: (?=.*emil \(author\)).*sven \(requester\)/);
    const byOperator = await as('olga', 'rollout', 'approve', '--model', MODEL);
    expect(byOperator.code).toBe(4);
    expect(byOperator.stderr).toContain('may not do rollout.approve');
    expect((await status()).phase, 'nothing was changed').toBe('awaiting-approval');
    const own = await as('sven', 'rollout', 'approve', '--model', MODEL);
    expect(own.code, own.stderr).toBe(4);
    expect(own.stderr).toContain('a requester of what is asked for may not decide about it');
    const query = `audit query --resource approval/${approvalId} --type approval.approve-refused -o json`;
    const tried = JSON.parse((await as(null, ...query.split(' '))).stdout) as { events: { actor: { id: string } }[] };
    expect(tried.events).toMatchObject([{ actor: { id: (await status()).startedBy, authentication: 'ed25519' } }]);
    const first = await as('anna', 'rollout', 'approve', '--model', MODEL, '--reason', 'looks fine');
    expect(first.code, first.stderr).toBe(6);
    expect(first.stdout).toContain('1 more of 2 wanted');
    process.kill(await project.pidOf('worker'), 'SIGKILL');
    const approved = await as('aldo', 'approval', 'approve', approvalId);
    expect(approved.code, approved.stderr).toBe(0);
    await until(status, ({ intendedWeightPercent }) => intendedWeightPercent === 20, 30_000);
    const aborted = await as('olga', 'rollout', 'abort', '--model', MODEL);
    expect(aborted.code, aborted.stderr).toBe(0);
    const ended = await until(status, ({ phase }) => phase === 'closed', 60_000);
    expect(ended.outcome).toBe('aborted');
    expect(ended.startedBy).toMatch(/^principal:[0-9a-f]{16}$/);
    const { stdout } = await as(
      null,
      ...'audit query --resource rollout/production/rag_api --limit 100 -o json'.split(' '),
    );
    const { events } = JSON.parse(stdout) as { events: { type: string; facts?: { code?: string } }[] };
    for (const type of ['rollout.opened', 'rollout.started', 'rollout.abort', 'rollout.aborted', 'rollout.closed'])
      expect(
        events.find((event) => event.type === type),
        type,
      ).toMatchObject({ source: expect.stringMatching(/^[0-9a-f]{16}$/), requestId: ended.rolloutKey });
    expect(events.find(({ facts }) => facts?.code === 'NOT_AUTHORISED')).toMatchObject({
      type: 'rollout.approve-refused',
      source: expect.stringMatching(/^[0-9a-f]{16}$/),
      requestId: expect.stringContaining(ended.runId),
    });
    expect(events.find(({ type }) => type === 'rollout.weight-set')).not.toHaveProperty('source');
    const told = await as('olga', 'rollout', 'receipt', '--model', MODEL);
    expect(told.stdout, 'people read names').toContain('by sven');
    expect(told.stdout).toContain(`approval ${approvalId} by anna, aldo`);
    expect((await as('vera', 'approval', 'show', approvalId)).stdout).toContain('State: carried-out');
  }, 120_000);

  it('what is not signed is refused: an update, a signal, a start', async () => {
    const { config } = loadConfig({ env: ENV, workingDirectory: project.root });
    const client = await connectTemporal(config);
    try {
      expect((await start('olga')).code).toBe(0);
      await until(status, ({ phase }) => phase === 'awaiting-approval', 60_000);
      const handle = client.workflow.getHandle(rolloutIdOf('production', MODEL));
      const update = async (input: object) =>
        await handle.executeUpdate('approve', { args: [input] }).then(
          () => 'accepted',
          (error: unknown) => String((error as Error).cause),
        );
      expect(await update({ actor: 'anna', reason: '' })).toContain('in production it must be signed');
      await handle.signal('approve', { actor: 'somebody' });
      const refused = await until(
        status,
        ({ timeline }) => timeline.some(({ event }) => event === 'approval-refused'),
        20_000,
      );
      expect(refused.phase).toBe('awaiting-approval');
      // Without a key to seal it, nothing is said at all, and nothing breaks.
      const plain = new WorkflowClient({ connection: client.connection });
      const unsealed = plain.getHandle(rolloutIdOf('production', MODEL));
      await unsealed.signal('approve', { actor: 'somebody' });
      const unread = unsealed.executeUpdate('abort', { args: [{ actor: 'olga', reason: '' }] });
      await expect(unread).rejects.toThrow();
      expect((await status()).phase).toBe('awaiting-approval');
      await gateOf();
      const denied = await as('anna', 'rollout', 'deny', '--model', MODEL, '--reason', 'not before the holidays');
      expect(denied.code, denied.stderr).toBe(0);
      const ended = await until(status, ({ phase }) => phase === 'closed', 60_000);
      expect(ended).toMatchObject({ outcome: 'rolled-back', reason: expect.stringMatching(/^denied: .*apr-/) });
    } finally {
      await client.connection.close();
    }
  });

  it('an order for another environment, or one that nobody with a key has sealed, moves nobody', async () => {
    const { config } = loadConfig({ env: { ...ENV, MLOPS_ENV: 'dev' }, workingDirectory: project.root });
    const client = await connectTemporal(config);
    try {
      const order = {
        model: MODEL,
        fromVersion: '1.0.0',
        toVersion: '1.1.0',
        profile: 'default',
        endpoints,
        gates: [],
      };
      const request = assembleRequest(config, { ...order, actor: 'somebody', reason: '' });
      const start = { taskQueue: TASK_QUEUE, args: [{ request }] };
      const foreign = await client.workflow.execute('rollout', { ...start, workflowId: `rollout/dev/${MODEL}` });
      expect(foreign).toMatchObject({ outcome: 'failed', reason: 'ENVIRONMENT_FOREIGN' });
      const plain = new WorkflowClient({ connection: client.connection });
      const unsealed = plain.execute('rollout', { ...start, workflowId: 'rollout/production/unsealed' });
      await expect(unsealed).rejects.toThrow();
      expect((await status()).outcome).toBe('rolled-back');
    } finally {
      await client.connection.close();
    }
  });

  it('a rollout that is promoted takes the version into production: stage and traffic', async () => {
    const promoteFully = async (): Promise<RolloutStatus> => {
      await until(status, ({ phase }) => phase === 'awaiting-approval', 60_000);
      const promoted = await as(
        'olga',
        'rollout',
        'promote',
        '--model',
        MODEL,
        '--full',
        '--confirm',
        MODEL,
        '-o',
        'json',
      );
      expect(promoted.code, promoted.stderr).toBe(6);
      const pending = JSON.parse(promoted.stdout) as { what: string; awaiting: { approvalId: string } };
      expect(pending.what).toContain('it skips: the approval of 20 %');
      expect((await status()).phase, 'nothing goes on before it is granted').toBe('awaiting-approval');
      const { approvalId } = pending.awaiting;
      await Promise.all(
        ['anna', 'aldo', 'arno'].map(async (name) => await as(name, 'approval', 'approve', approvalId)),
      );
      const ended = await until(status, ({ phase }) => phase === 'closed', 90_000);
      expect(ended.outcome, ended.reason ?? '').toBe('promoted');
      return ended;
    };
    expect((await start('olga')).code).toBe(0);
    await promoteFully();

    const approvalId = await askFor('1.2.0');
    for (const name of ['anna', 'aldo', 'arno']) await as(name, 'approval', 'approve', approvalId);
    const early = await as('olga', 'model', 'promote', MODEL, '1.2.0', '--to', 'production', '--approval', approvalId);
    expect(early.code, 'not ahead of its users').toBe(3);
    expect(early.stderr).toContain('its users in production are on 1.1.0');
    expect(await stageOf('1.2.0')).toBe('staging');
    await placeVersion('1.2.0', await project.startService('1.2.0'));
    // Where it answers is known from the registry.
    const next = `rollout start --model ${MODEL} --to 1.2.0 --detach`;
    const begun = await as('olga', ...next.split(' '));
    expect(begun.code, begun.stderr).toBe(0);
    const ended = await promoteFully();
    const file = join(project.root, 'receipt.json');
    await writeFile(file, (await as('olga', 'rollout', 'receipt', '--model', MODEL, '-o', 'json')).stdout);
    const verified = await as('olga', 'rollout', 'receipt', '--verify', file);
    expect(verified.code, `${verified.stdout}${verified.stderr}`).toBe(0);
    expect(ended.timeline.map(({ event }) => event)).toContain('stage-moved');
    expect([await stageOf('1.1.0'), await stageOf('1.2.0')]).toEqual(['staging', 'production']);
    const history = await as('vera', 'model', 'history', MODEL, '-o', 'json');
    const { changes } = JSON.parse(history.stdout) as { changes: { to: string; approvers: string[] }[] };
    expect(changes.find(({ to }) => to === 'production')?.approvers.length).toBeGreaterThanOrEqual(2);

    const alone = await as('olga', 'model', 'promote', MODEL, '--previous');
    expect(alone.code, 'the stage does not leave its users').toBe(3);
    expect(alone.stderr).toContain(`mlops rollout start --model ${MODEL} --to 1.1.0`);
    const back = await as('olga', ...`rollout start --model ${MODEL} --to 1.1.0 --detach`.split(' '));
    expect(back.code, back.stderr).toBe(0);
    await promoteFully();
    const stages = [await stageOf('1.1.0'), await stageOf('1.2.0')];
    expect(stages, 'by the approval it had').toEqual(['production', 'staging']);
    // Nothing is judged any more: what follows has the machine to itself.
    await traffic.stop();
  }, 240_000);

  // Each is a dozen commands.
  describe('a version of a model', { timeout: 120_000 }, () => {
    const artifact = (): string => join(project.root, 'model.bin');
    const register = async (version: string): Promise<Run> => {
      const typed = `--type embedding --metadata dimension=384 --metadata distance=cosine --metadata tokenizer=wordpiece`;
      const metrics = `--metric recall_at_5=0.89 --metric embedding_latency_ms=12.3 --artifact ${artifact()}`;
      return await as('emil', ...`model register embedder ${version} ${typed} ${metrics} -o json`.split(' '));
    };
    const promote = async (name: string, version: string, to: string, ...more: string[]): Promise<Run> =>
      await as(name, 'model', 'promote', 'embedder', version, '--to', to, '-o', 'json', ...more);
    const show = async (version: string): Promise<{ stage: string; author: string }> =>
      JSON.parse((await as('vera', 'model', 'show', 'embedder', version, '-o', 'json')).stdout) as never;
    const decide = async (name: string, id: string): Promise<Run> => await as(name, 'approval', 'approve', id);

    it('reaches production by approvals of others, bound to its content, and its history says whose', async () => {
      await writeFile(artifact(), 'weights of 1.0.0');
      expect((await as('vera', 'model', 'register', 'embedder', '1.0.0')).code, 'without what it needs').toBe(2);
      const first = await register('1.0.0');
      expect(first.code, first.stderr).toBe(0);
      expect(JSON.parse((await register('1.0.0')).stdout)).toMatchObject({ isNew: false });
      expect((await promote('vera', '1.0.0', 'staging')).code, 'a viewer may not').toBe(4);
      expect((await promote('emil', '1.0.0', 'staging')).code).toBe(0);
      const asked = await promote('emil', '1.0.0', 'production');
      expect(asked.code, asked.stderr).toBe(6);
      const { approvalId } = (JSON.parse(asked.stdout) as { awaiting: { approvalId: string } }).awaiting;
      const again = await promote('emil', '1.0.0', 'production');
      expect(JSON.parse(again.stdout), 'asked for once').toMatchObject({ awaiting: { approvalId } });
      expect((await promote('emil', '1.0.0', 'production', '--approval', approvalId)).code, 'not yet').toBe(6);

      const own = await decide('emil', approvalId);
      expect(own.code, own.stderr).toBe(4);
      for (const name of ['anna', 'aldo']) expect((await decide(name, approvalId)).code, name).toBe(6);
      expect((await decide('anna', approvalId)).code, 'nobody counts twice').toBe(6);
      expect((await show('1.0.0')).stage).toBe('staging');
      expect((await decide('arno', approvalId)).code).toBe(0);
      await until(
        async () => (await show('1.0.0')).stage,
        (stage) => stage === 'production',
        20_000,
      );
      const history = await as('vera', 'model', 'history', 'embedder', '-o', 'json');
      const { changes } = JSON.parse(history.stdout) as {
        changes: { to: string; approvers: string[]; approvalId: string }[];
      };
      expect(changes[0]).toMatchObject({ to: 'production', approvalId });
      expect(new Set(changes[0]?.approvers).size).toBe(3);
    });

    it('that another one overtakes has to be approved anew', async () => {
      const ids: string[] = [];
      for (const version of ['1.1.0', '1.2.0']) {
        await writeFile(artifact(), `weights of ${version}`);
        expect((await register(version)).code).toBe(0);
        expect((await promote('emil', version, 'staging')).code).toBe(0);
        const asked = await promote('emil', version, 'production');
        ids.push((JSON.parse(asked.stdout) as { awaiting: { approvalId: string } }).awaiting.approvalId);
      }
      const [slow = '', fast = ''] = ids;
      expect((await decide('anna', slow)).code).toBe(6);
      for (const name of ['anna', 'aldo', 'arno']) await decide(name, fast);
      await until(
        async () => (await show('1.2.0')).stage,
        (stage) => stage === 'production',
        20_000,
      );
      await decide('aldo', slow);
      await decide('arno', slow);
      const left = await until(
        async () =>
          JSON.parse((await as('vera', 'approval', 'show', slow, '-o', 'json')).stdout) as {
            approval: { state: string; round: number };
          },
        ({ approval }) => approval.round === 2,
        20_000,
      );
      expect(left.approval.state, 'what was approved replaced another version').toBe('pending');
      expect((await show('1.1.0')).stage).toBe('staging');
    });

    it('whose artifact was changed is blocked', async () => {
      await writeFile(artifact(), 'weights of 2.0.0');
      expect((await register('2.0.0')).code).toBe(0);
      const digest = createHash('sha256').update('weights of 2.0.0').digest('hex');
      const stored = join(project.root, '.mlops/artifacts/objects', digest.slice(0, 2), digest, 'data');
      const bytes = await readFile(stored);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      await writeFile(stored, bytes);
      const refused = await promote('emil', '2.0.0', 'staging');
      expect(refused.code, refused.stderr).toBe(3);
      expect(refused.stderr).toContain('ARTIFACT_MISMATCH');
    });
  });

  it('nobody erases alone: who asks has signed it, and neither they nor who is erased decide', async () => {
    const made = await as(null, 'identity', 'create', 'leaver', '--role', 'approver');
    expect(made.code, made.stderr).toBe(0);
    const erase = async () =>
      await as(null, ...'governance erase leaver --confirm leaver --reason left -o json'.split(' '));
    const asked = await erase();
    expect(asked.code, asked.stderr).toBe(6);
    const { approvalId, subject } = JSON.parse(asked.stdout) as { approvalId: string; subject: string };
    expect(JSON.parse((await erase()).stdout), 'asked for once').toMatchObject({ approvalId });
    const own = await as('leaver', 'approval', 'approve', approvalId);
    expect(own.stderr).toContain('a data owner of what is asked for may not decide about it');
    const stateOf = async () =>
      (JSON.parse((await as('vera', 'approval', 'show', approvalId, '-o', 'json')).stdout) as { approval: object })
        .approval;
    expect(await stateOf()).toMatchObject({ state: 'pending', evidence: [{ name: 'payloads' }], action: { subject } });
    for (const name of ['anna', 'aldo', 'arno']) await as(name, 'approval', 'approve', approvalId);
    await until(stateOf, (found) => (found as { state: string }).state === 'carried-out', 20_000);
    expect((await erase()).stderr, 'nobody of that name is left').toContain('SUBJECT_UNKNOWN');
    const written = await as(null, ...'audit query --type governance.erased -o json'.split(' '));
    expect(JSON.parse(written.stdout), 'why is in the request').toMatchObject({
      events: [{ resource: subject, facts: { approval: approvalId } }],
    });
  });

  it('an approval is asked for by who has signed for it, through the engine too', async () => {
    const { config } = loadConfig({ env: ENV, workingDirectory: project.root });
    const client = await connectTemporal(config);
    try {
      const [environment, kind] = ['production', 'stage-promotion'] as const;
      const identity = await currentIdentity({ ...config, identity: 'emil' });
      const resource = 'model/rag_api/1.2.0/stage/production/production';
      const ask = { kind, resource, environment, requestedBy: identity.actor, reason: '' };
      const claim = identity.claim({ action: 'model.promote', resource, content: contentOfAsk(ask) });
      const refusalOf = async (approvalId: string, order: object): Promise<string> => {
        const start = { taskQueue: TASK_QUEUE, workflowId: `approval/${approvalId}`, args: [{ approvalId, order }] };
        const failure = (await client.workflow.execute('approval', start).catch((error: unknown) => error)) as Error;
        return String((failure.cause as Error).cause);
      };
      expect(await refusalOf('apr-unsigned', ask)).toContain('nothing is signed, and in production everything must be');
      const vera = { ...ask, requestedBy: 'vera', claim };
      expect(await refusalOf('apr-of-another', vera)).toContain('it was signed for other content than was sent');
      const staging = { ...ask, environment: 'staging', claim };
      expect(await refusalOf('apr-foreign', staging)).toContain('this worker is of production');
    } finally {
      await client.connection.close();
    }
  });

  it('no secret that comes in is seen anywhere again', { timeout: 180_000 }, async () => {
    const { config } = loadConfig({ env: ENV, workingDirectory: project.root });
    const client = await connectTemporal(config);
    try {
      const used = await useSecrets({ as, askFor, client, config, project, secrets });
      const places = [...said, ...used.said, ...(await readPlaces({ as, client, config, project }))];
      // Each kind of place is read, and a word that may be there is found in it.
      for (const kind of ['mlops', 'log', 'table', 'history', 'receipt', 'ledger', 'metrics', 'process', 'file'])
        expect(
          places.some(({ name, content }) => name.startsWith(kind) && content.length > 0),
          kind,
        ).toBe(true);
      const allowed = findLeaks([planted('a word', used.word)], places).map((found) => found.split(' in ')[1] ?? '');
      for (const kind of ['mlops model', 'table model_version', 'history', 'ledger'])
        expect(
          allowed.some((where) => where.startsWith(kind)),
          `${kind}: ${allowed.join()}`,
        ).toBe(true);
      expect(findLeaks(used.secrets, places)).toEqual([]);
    } finally {
      await client.connection.close();
    }
  });

  it('nothing of it names a person but the table of names', async () => {
    const database = new Client({
      connectionString: databaseUrlOf(loadConfig({ env: ENV, workingDirectory: project.root }).config),
    });
    await database.connect();
    try {
      await expectKnownTypes(database);
      const { rows } = await database.query<{ table_name: string }>(
        `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
      );
      const naming: string[] = [];
      for (const { table_name: table } of rows) {
        const found = await database.query(
          `SELECT FROM ${table} t WHERE t::text ~ '\\m(olga|anna|vera|emil|aldo|arno)\\M' LIMIT 1`,
        );
        if (found.rowCount !== 0) naming.push(table);
      }
      expect(naming).toEqual(['principal']);
    } finally {
      await database.end();
    }
  });
});
