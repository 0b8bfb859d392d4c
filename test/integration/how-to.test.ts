import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseUrlOf } from '../../adapters/postgres/pool.ts';
import { loadConfig } from '../../config/load.ts';
import { OFFSETS } from '../support/offsets.ts';
import { openSource } from '../support/registry-source.ts';
import { createStatusReader, type StatusReader } from '../support/rollouts.ts';
import { createProject, until, type Run, type TestProject } from '../support/stack.ts';
import { startTraffic, type Traffic } from '../support/traffic.ts';

const DOCS = join(import.meta.dirname, '../../docs');
/** Reference pages that are not run here: examples of the generated page are parsed, benches are run by hand. */
const NOT_RUN = ['cli', 'figures'];
/** The shipped steps with windows of seconds instead of half an hour. */
const DEPLOYMENT = `
canary:
  tick_seconds: 1
  warm_up_seconds: 1
  minimum_requests: 5
  observation_window_minutes: 0.03
  bake_minutes: 0.03
  max_deployment_hours: 1
profiles:
  brief: { initial_percentage: 5.0, max_percentage: 50.0, auto_rollback: true }
  fast: { observation_window_minutes: 0.02, tick_seconds: 1, warm_up_seconds: 1, minimum_requests: 5, bake_minutes: 0.02 }
judge: { max_error_rate: 0.03, absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors], response_time_floor_ms: 1000 }
`;

/** The commands of a page, to be run one after the other; none may be left over. */
interface Page {
  /** Runs the next command, which must end with this exit code. */
  next(exitCode: number): Promise<Run>;
  /** The next command, for a caller that runs it in its own way. */
  take(): string;
  left(): number;
}

/** Commands are run as they stand, but for ports that the page invents. */
describe('the commands of pages in docs', () => {
  let project: TestProject;
  let traffic: Traffic;
  let statuses: StatusReader;
  let source: Awaited<ReturnType<typeof openSource>>;
  const endpoints: Record<string, string> = {};
  const finished: string[] = [];
  /** Of the request that a page is about. */
  let approvalId = '';

  beforeAll(async () => {
    project = await createProject(OFFSETS.howTo, null);
    source = await openSource();
    statuses = createStatusReader(project, OFFSETS.howTo);
    for (const version of ['1.0.0', '1.1.0']) endpoints[version] = await project.startService(version);
    const targets = Object.entries(endpoints).map(([version, url]) => `"${version}": "${url}"`);
    await writeFile(
      join(project.root, 'config/deployment.yaml'),
      `${DEPLOYMENT}targets: { rag_api: { ${targets.join(', ')} } }\n`,
    );
    traffic = startTraffic({ url: project.gateway, model: 'rag_api', perSecond: 150 });
  });

  afterAll(async () => {
    await traffic?.stop();
    await statuses?.close();
    await source?.close();
    await project?.remove();
  });

  const open = (name: string): Page => {
    const commands = commandsOf(name);
    const take = (): string => {
      const command = commands.shift();
      if (command === undefined) throw new Error(`${name} has no more commands`);
      return command
        .replace('http://127.0.0.1:9101', endpoints['1.0.0'] ?? '')
        .replace('http://127.0.0.1:9102', endpoints['1.1.0'] ?? '')
        .replace('apr-3f1c9a0b72de', approvalId)
        .replace('https://mlflow.example.com', source.url);
    };
    finished.push(name);
    return {
      take,
      left: () => commands.length,
      next: async (exitCode) => {
        const command = take();
        const words = wordsOf(command);
        const start = words.indexOf('mlops');
        const env = Object.fromEntries(words.slice(0, start).map((word) => word.split('=') as [string, string]));
        const run = await project.mlops(words.slice(start + 1), { env });
        expect(run.code, `${command}\n${run.stdout}${run.stderr}`).toBe(exitCode);
        return run;
      },
    };
  };
  /** Runs a program of examples/ to its end, and gives the lines of JSON that it prints. */
  const runExample = async (name: string, args: readonly string[]): Promise<Record<string, unknown>[]> => {
    const program = join(import.meta.dirname, `../../examples/${name}.ts`);
    const env = { ...process.env, MLOPS_PORT_OFFSET: String(OFFSETS.howTo) };
    const child = spawn(process.execPath, [program, ...args], { cwd: project.root, env });
    let [text, problem] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (problem += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code, problem).toBe(0);
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const status = async () => await statuses.of('rag_api');
  const startOf = async (to: string, ...more: string[]) => {
    const run = await project.mlops(['rollout', 'start', '--model', 'rag_api', '--to', to, '--detach', ...more]);
    expect(run.code, run.stderr).toBe(0);
  };
  const untilWaiting = async () => await until(status, ({ phase }) => phase === 'awaiting-approval', 60_000);
  const abort = async () => {
    await project.mlops(['rollout', 'abort', '--model', 'rag_api', '--reason', 'enough seen']);
    await until(status, ({ outcome }) => outcome !== null, 30_000);
  };

  it('first-rollout', { timeout: 240_000 }, async () => {
    const page = open('how-to/first-rollout');
    // Three people at a time: one stack is started, and all of them are told that it is ready.
    const [, ...up] = wordsOf(page.take());
    const ups = await Promise.all(['ada', 'grace', 'joan'].map(async () => await project.mlops(up)));
    for (const { code, stdout, stderr } of ups)
      expect([code, stdout], stderr).toEqual([0, expect.stringContaining('Ready.')]);
    const log = readFileSync(join(project.root, '.mlops/logs/supervisor.log'), 'utf8');
    for (const part of ['postgres', 'temporal', 'gateway', 'api', 'worker'])
      expect(log.match(new RegExp(`^${part}: started`, 'gm'))?.length, part).toBe(1);
    // A fourth wants it elsewhere: it stays where it is.
    const moved = await project.mlops([...up, '--port-offset', '100']);
    expect([moved.code, moved.stderr]).toEqual([2, expect.stringContaining('STACK_AT_OTHER_PORTS')]);
    const other = await project.mlops(up, { env: { MLOPS_ENV: 'production' } });
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('Stack runs as dev')]);
    expect((await page.next(0)).stdout).toContain('100 %');
    expect((await page.next(0)).stdout).toContain('promoted');
    expect((await page.next(0)).stdout, 'watch, after the end').toContain('promoted');
    await page.next(0);
    await startOf('1.0.0', '--gate', '5');
    await untilWaiting();
    await page.next(0);
    await page.next(0);
    await page.next(0);
    await until(status, ({ outcome }) => outcome === 'aborted', 30_000);
    await page.next(0);
    expect((await page.next(0)).stdout).toContain('valid');
    expect(page.left()).toBe(0);
  });

  it('read-a-verdict', { timeout: 60_000 }, async () => {
    await startOf('1.0.0', '--gate', '15');
    await untilWaiting();
    const page = open('how-to/read-a-verdict');
    expect((await page.next(6)).stdout).toContain('evidence of harm');
    expect((await page.next(6)).stdout).toContain('needs an approval');
    await page.next(0);
    await abort();
    expect(page.left()).toBe(0);
    expect(readFileSync(join(project.root, 'receipt.html'), 'utf8')).toContain('<svg');
  });

  it('the canary deployment of the brief goes from 5 to 50 % and is promoted', { timeout: 180_000 }, async () => {
    // 1.1.0 is live, and the next page begins with 1.0.0.
    const to = ['1.0.0', endpoints['1.0.0'] ?? '', '1.1.0', endpoints['1.1.0'] ?? '', 'brief'];
    const [started, ended] = await runExample('brief-rollout', to);
    expect(started).toMatchObject({ call: 'start', attached: false });
    expect(ended).toMatchObject({ call: 'result', outcome: 'promoted', weights: [5, 15, 25, 35, 45, 50, 100, 0] });
  });

  it('add-a-manual-gate', { timeout: 240_000 }, async () => {
    const page = open('how-to/add-a-manual-gate');
    await page.next(0);
    await untilWaiting();
    await page.next(0);
    await until(status, ({ phase }) => phase === 'canary', 20_000);
    await untilWaiting();
    await page.next(0);
    expect((await until(status, ({ outcome }) => outcome !== null, 30_000)).outcome).toBe('rolled-back');
    expect(page.left()).toBe(0);
  });

  it('calibrate-a-service', { timeout: 90_000 }, async () => {
    const page = open('how-to/calibrate-a-service');
    expect((await page.next(0)).stdout).toContain('not calibrated');
    await page.next(0);
    expect((await page.next(0)).stdout).toContain('completed');
    expect((await page.next(7)).stderr).toContain('wanted at least 1000');
    expect(page.left()).toBe(0);
  });

  it('run-several-workers', { timeout: 90_000 }, async () => {
    const page = open('how-to/run-several-workers');
    const [, ...words] = wordsOf(page.take());
    const second = spawn(join(import.meta.dirname, '../../bin/mlops'), words, {
      cwd: project.root,
      env: { ...process.env, MLOPS_PORT_OFFSET: String(OFFSETS.howTo) },
      stdio: 'ignore',
    });
    const workers = async () =>
      (await project.json<{ parts: { name: string; state: string }[] }>(['status'])).parts.filter(
        ({ name, state }) => name === 'worker' && state === 'up',
      ).length;
    await until(workers, (count) => count === 2, 30_000);
    expect((await page.next(0)).stdout.match(/worker-\d+@/g)?.length).toBe(2);
    second.kill('SIGTERM');
    expect(page.left()).toBe(0);
  });

  it('start-a-rollout-from-ci', { timeout: 180_000 }, async () => {
    const page = open('how-to/start-a-rollout-from-ci');
    expect((await page.next(0)).stdout).toContain('promoted');
    expect(JSON.parse((await page.next(0)).stdout)).toMatchObject({ outcome: 'promoted' });
    expect(page.left()).toBe(0);
  });

  it('emergency-rollback', { timeout: 90_000 }, async () => {
    await startOf('1.0.0', '--gate', '15');
    await untilWaiting();
    const page = open('how-to/emergency-rollback');
    expect((await page.next(0)).stdout).toContain('→ 0 %');
    expect((await until(status, ({ outcome }) => outcome !== null, 30_000)).outcome).toBe('rolled-back');
    expect((await page.next(0)).stdout).toContain('Nothing is changed');
    expect(page.left()).toBe(0);
  });

  it('verify-evidence-offline', { timeout: 90_000 }, async () => {
    const page = open('how-to/verify-evidence-offline');
    expect((await page.next(0)).stdout).toContain('ledger.jsonl');
    for (let verified = 0; verified < 2; verified += 1) expect((await page.next(0)).stdout).toContain('is valid');
    await page.next(0);
    expect((await page.next(0)).stdout).toContain('is valid');
    await page.next(0);
    expect((await page.next(0)).stdout).toContain('Wrote proof.json');
    expect((await page.next(0)).stdout).toContain('is valid');
    expect((await page.next(0)).stdout).toContain('rollout.opened');
    expect((await page.next(0)).stdout).toContain('rollout.closed');
    expect((await page.next(0)).stdout).toContain('ledger.opened');
    expect((await page.next(0)).stdout).toContain('is valid');
    expect(page.left()).toBe(0);
  });

  it('erase-a-subject', { timeout: 90_000 }, async () => {
    const page = open('how-to/erase-a-subject');
    expect((await page.next(0)).stdout).toContain('Nothing is changed. This would erase rollout/dev/rag_api: 1 key');
    expect((await page.next(0)).stdout).toContain('Held for case 2026-17: rollout/dev/rag_api');
    expect((await page.next(0)).stdout).toMatch(/^rollout\/dev\/rag_api +2026-17 /m);
    expect((await page.next(3)).stderr).toContain('a legal hold on rollout/dev/rag_api is in force (LEGAL_HOLD)');
    expect((await page.next(0)).stdout).toContain('is not held for case 2026-17 any more');
    expect((await page.next(0)).stdout).toMatch(/^Erased from the ledger rollout\/dev\/rag_api: 1 key, \d+ payloads/);
    await page.next(0);
    expect((await page.next(0)).stdout).toContain('is valid');
    expect((await page.next(0)).stdout).toContain('governance.erased');
    expect(page.left()).toBe(0);
  });

  it('register-a-model', { timeout: 90_000 }, async () => {
    const manifest = 'examples/models/rag_api.yaml';
    await cp(join(DOCS, '..', manifest), join(project.root, manifest));
    const page = open('how-to/register-a-model');
    expect((await page.next(0)).stdout).toContain('Registered: rag_api 1.0.0, number 1, in development');
    expect((await page.next(0)).stdout).toContain('Registered: rag_embeddings 2.1.0');
    expect((await page.next(0)).stdout).toMatch(/^rag_api +1\.0\.0/m);
    expect((await page.next(0)).stdout).toContain('recall_at_5 0.89 ratio (higher is better)');
    expect((await page.next(0)).stdout).toContain('rag_embeddings 2.1.0: team (none) → search');
    expect((await page.next(0)).stdout).toContain('rag_embeddings 2.1.0 is described anew');
    expect((await page.next(0)).stdout).toContain('dataset wiki-2026-10');
    expect((await page.next(0)).stdout).toContain('rag_embeddings@2.1.0  (embedding, development)');
    expect((await page.next(0)).stdout).toContain('Added');
    expect(JSON.parse((await page.next(0)).stdout)).toMatchObject({ specVersion: '1.6' });
    expect((await page.next(0)).stdout).toContain('candidate of rag_embeddings: nothing → 2.1.0');
    expect((await page.next(0)).stdout).toMatch(/^aliases +candidate$/m);
    expect((await page.next(3)).stderr).toContain('(ARTIFACT_MISSING)');
    expect((await page.next(0)).stdout).toContain('has left development yet');
    expect((await page.next(0)).stdout).toContain('answers at http://127.0.0.1:9201; before: nowhere');
    await page.next(0);
    expect((await page.next(0)).stdout).toContain('development → archived');
    expect((await page.next(0)).stdout).toContain('rows to registry.jsonl');
    expect((await page.next(0)).stdout).toContain('Nothing is changed: the registry holds exactly what');
    expect(page.left()).toBe(0);
  });

  it('move-from-mlflow', { timeout: 90_000 }, async () => {
    const { config } = loadConfig({ env: process.env, workingDirectory: project.root, portOffset: OFFSETS.howTo });
    await source.serveFrom(databaseUrlOf(config));
    await source.add('churn', 's3://elsewhere/1');
    await writeFile(join(project.root, 'model'), 'weights of churn');
    const page = open('how-to/move-from-mlflow');
    expect((await page.next(0)).stdout).toContain('1 added');
    expect((await page.next(0)).stdout).toContain('Every version of another registry that was met could be taken over');
    expect((await page.next(0)).stdout).toContain('Registered: churn 2.0.0, number 2, in development');
    expect((await page.next(0)).stdout).toContain('development → staging');
    expect(page.left()).toBe(0);
  });

  it('rotate-keys', { timeout: 90_000 }, async () => {
    const page = open('how-to/rotate-keys');
    const waiting = (await page.next(0)).stdout.match(/^Key (\w+) waits/)?.[1];
    expect((await page.next(0)).stdout).toMatch(
      new RegExp(`^Key ${waiting} is in use; wrapped anew: \\d+ of payloads, \\d+ of webhooks, \\d+ of artifacts`),
    );
    const [, newer, older] = (await page.next(0)).stdout.match(/^Key (\w+) signs checkpoints beside (\w+)\. /) ?? [];
    expect((await page.next(0)).stdout).toContain('governance.checkpoint-key-added');
    expect((await page.next(0)).stdout).toMatch(
      new RegExp(`^Key ${older} signs no more; .* ${newer} signs alone:\n\\S+\\+${newer}\\+`),
    );
    const keys = readFileSync(join(project.root, '.mlops/audit/trusted-keys'), 'utf8').trim().split('\n');
    expect(keys.map((line) => line.split('+')[1])).toEqual([older, newer]);
    const wrong = await project.mlops(['governance', 'rotate', '--retire']);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--checkpoint-key')]);
    expect(page.left()).toBe(0);
  });

  it('watch-access', { timeout: 60_000 }, async () => {
    const page = open('how-to/watch-access');
    // The worker looks every five minutes: it may have looked, or not yet.
    expect((await page.next(0)).stdout).toMatch(/^(Looked last at|The watch has not looked yet)/);
    expect((await page.next(0)).stdout).toMatch(/^(No event meets|SEQUENCE)/);
    expect(JSON.parse((await page.next(0)).stdout)).toMatchObject({ events: [] });
    expect((await page.next(0)).stdout).toContain('No event meets');
    expect(page.left()).toBe(0);
  });

  it('separate-database-logins', { timeout: 60_000 }, async () => {
    const page = open('how-to/separate-database-logins');
    expect((await page.next(0)).stdout).toContain('own database: there');
    expect((await page.next(0)).stdout).toMatch(
      /database roles: \w+ owns the tables; processes go on as mlops_admin, mlops_api/,
    );
    expect(page.left()).toBe(0);
  });

  it('manage-identities', { timeout: 90_000 }, async () => {
    const page = open('how-to/manage-identities');
    expect((await page.next(0)).stdout).toMatch(/^ada is principal:[0-9a-f]{16} \(engineer\)/);
    await page.next(0);
    expect((await page.next(0)).stdout).toContain('it signs with ci-identity.json');
    expect((await page.next(0)).stdout).toMatch(/^ben +principal:\w+ +human +ed25519 +approver/m);
    expect((await page.next(0)).stdout).toMatch(/^Key of ada: [0-9a-f]{16} → [0-9a-f]{16}/);
    await page.next(0);
    expect((await page.next(0)).stdout).toContain('Taken from ada: operator');
    expect((await page.next(0)).stdout).toMatch(/Taken from ben: approver, key [0-9a-f]{16}/);
    expect((await page.next(0)).stdout).toContain('identity.revoked');
    expect(page.left()).toBe(0);
  });

  it('approve', { timeout: 90_000 }, async () => {
    await writeFile(join(project.root, 'ranker.bin'), 'weights');
    await project.mlops(['identity', 'create', 'carol', '--role', 'engineer']);
    // Who decides for somebody else is one who decides.
    await project.mlops(['identity', 'grant', 'ada', 'approver']);
    const carol = async (...args: string[]) =>
      await project.mlops(['model', ...args, '-o', 'json'], { env: { MLOPS_IDENTITY: 'carol' } });
    const metadata = ['tokenizer=bert', 'max_input_tokens=512'].flatMap((one) => ['--metadata', one]);
    await carol('register', 'ranker', '1.0.0', '--type', 'reranker', ...metadata, '--artifact', 'ranker.bin');
    await carol('promote', 'ranker', '1.0.0', '--to', 'staging');
    const { stdout } = await carol('promote', 'ranker', '1.0.0', '--to', 'production');
    ({ approvalId } = (JSON.parse(stdout) as { awaiting: { approvalId: string } }).awaiting);
    const page = open('how-to/approve');
    expect((await page.next(0)).stdout).toContain(approvalId);
    expect((await page.next(6)).stdout).toContain('1 more of 1 approval wanted, of reviewer or approver');
    expect((await page.next(0)).stdout).toContain(
      'Nothing is changed. This would deny stage-promotion of model/ranker',
    );
    expect((await page.next(0)).stdout).toContain('counted, pending →');
    expect((await page.next(0)).stdout).toContain('Delegated: ada may decide about every approval');
    expect((await page.next(0)).stdout).toContain('Taken back from ada: 1 delegation');
    expect(page.left()).toBe(0);
  });

  it('register-from-ci', { timeout: 120_000 }, async () => {
    await writeFile(join(project.root, 'index.bin'), 'words');
    const page = open('how-to/register-from-ci');
    expect((await page.next(0)).stdout).toContain('it signs with build-identity.json');
    expect((await page.next(0)).stdout).toContain('Registered: rag_index 1.1.0');
    expect(JSON.parse((await page.next(0)).stdout)).toMatchObject({ isNew: false, stage: 'development' });
    expect((await page.next(3)).stderr).toContain('metrics.recall_at_5 is 0.61 ratio');
    expect((await page.next(0)).stdout).toContain('development → staging');
    ({ 0: approvalId = '' } = /apr-[0-9a-f]+/.exec((await page.next(6)).stdout) ?? []);
    const { stdout } = await page.next(0);
    for (const type of ['registered', 'promoted', 'stage-requested', 'register-refused'])
      expect(stdout).toMatch(new RegExp(`model\\.${type} +build `));
    expect(page.left()).toBe(0);
  });

  it('approve-from-chat, about what the job has asked for', { timeout: 90_000 }, async () => {
    const page = open('how-to/approve-from-chat');
    expect((await page.next(0)).stdout).toContain(approvalId);
    const [, url = '', secret = ''] = /(http\S+)#(\S+)/.exec((await page.next(6)).stdout) ?? [];
    // What the page does on the phone; it itself is opened in test/integration/approvals.test.ts.
    const post = async (path: string, body: object, cookie = ''): Promise<Response> =>
      await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: new URL(url).origin, cookie },
        body: JSON.stringify(body),
      });
    const opened = await post('/open', { secret });
    const { csrf } = (await opened.json()) as { csrf: string };
    const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
    const decide = async (verdict: 'approve' | 'deny') =>
      await post('/decide', { verdict, reason: 'seen on the train', csrf }, cookie);
    expect((await decide('approve')).status).toBe(200);
    expect((await decide('approve')).status, 'its answer was lost').toBe(200);
    expect((await decide('deny')).status, 'a link is good for one decision').toBe(403);
    expect((await page.next(0)).stdout).toContain('approve by ');
    expect((await page.next(0)).stdout).toContain('approval.link-issued');
    expect(page.left()).toBe(0);
  });

  it('the examples of the brief pend where the brief let them pass', { timeout: 60_000 }, async () => {
    const artifact = join(project.root, 'embeddings.bin');
    await writeFile(artifact, 'weights of 2.1.0');
    const runBrief = async () => await runExample('brief', [artifact]);
    const first = await runBrief();
    expect(first).toMatchObject([
      { call: 'registerModel', isNew: true, stage: 'development', requestedStage: 'production' },
      { call: 'promoteModel', stage: 'development', approvalId: expect.stringMatching(/^apr-/) as string },
      { call: 'recordEvent', state: 'pending', unshown: ['consent_tracked', 'explainable'] },
    ]);
    const again = await runBrief();
    expect(again[0]).toMatchObject({ isNew: false });
    expect(again[1], 'asked for once').toMatchObject({ approvalId: first[1]?.['approvalId'] });
  });

  it('reference/replay', { timeout: 60_000 }, async () => {
    const example = readPage('reference/replay').match(/^```json\n(.*?)^```/ms)?.[1] ?? '';
    await writeFile(join(project.root, 'streams.jsonl'), example);
    const page = open('reference/replay');
    expect(JSON.parse((await page.next(0)).stdout)).toMatchObject({ id: 'monday' });
    expect(JSON.parse((await page.next(0)).stdout)).toMatchObject({ id: 'monday', tick: 1 });
    await page.next(0);
    expect((await page.next(0)).stdout).toContain('valid');
    await page.next(0);
    expect((await page.next(0)).stdout).toContain('The ledger has all of it and no more, signed by');
    expect(page.left()).toBe(0);
  });

  it('reference/judge', { timeout: 60_000 }, async () => {
    await writeFile(join(project.root, 'history.jsonl'), '{"requests": 600, "errors": 3}\n'.repeat(20));
    const page = open('reference/judge');
    // A history this short is refused, as the page says.
    for (const ticks of [/: \d+ ticks with errors/, /: \d+ ticks with errors/, /: 20 ticks with errors/])
      expect((await page.next(7)).stderr).toMatch(ticks);
    expect(page.left()).toBe(0);
  });

  it('reference/local-stack, which ends with everything gone', { timeout: 120_000 }, async () => {
    const page = open('reference/local-stack');
    await page.next(0);
    expect((await page.next(0)).stdout).toContain('Ready.');
    await page.next(0);
    expect((await page.next(0)).stdout).toContain('✔ worker');
    expect((await page.next(0)).stdout).toContain('Stopped');
    expect((await page.next(0)).stdout).toContain('Clean:');
    expect(page.left()).toBe(0);
  });

  it('start one stack, also where three people want it at three places', { timeout: 180_000 }, async () => {
    const offsets = [OFFSETS.howTo, OFFSETS.howToSecond, OFFSETS.howToThird].map(String);
    const ups = await Promise.all(
      offsets.map(async (offset) => await project.mlops(['up', '--detach', '--port-offset', offset])),
    );
    expect(
      ups.map(({ code }) => code).toSorted((a, b) => a - b),
      ups.map(({ stderr }) => stderr).join(),
    ).toEqual([0, 2, 2]);
    const winner = offsets[ups.findIndex(({ code }) => code === 0)] ?? '';
    for (const { code, stderr } of ups)
      if (code === 2) expect(stderr).toContain(`Stack runs with port offset ${winner} (`);
    const saved = readFileSync(join(project.root, '.mlops/stack.json'), 'utf8');
    expect(JSON.parse(saved)).toMatchObject({ portOffset: Number(winner) });
    const again = await project.mlops(['up', '--detach', '--port-offset', winner]);
    expect([again.code, again.stdout], 'it is where it was, and healthy').toEqual([
      0,
      expect.stringContaining('Ready.'),
    ]);
  });

  it('upgrade', { timeout: 120_000 }, async () => {
    const page = open('how-to/upgrade');
    await page.next(0);
    expect((await page.next(0)).stdout).toContain('Ready.');
    expect(page.left()).toBe(0);
  });

  it('are all run here', () => {
    const pages = ['how-to', 'reference'].flatMap((folder) =>
      readdirSync(join(DOCS, folder))
        .filter((file) => file.endsWith('.md'))
        .map((file) => `${folder}/${file.replace(/\.md$/, '')}`),
    );
    const wanted = pages.filter(
      (name) => commandsOf(name).length > 0 && !NOT_RUN.includes(name.replace(/^reference\//, '')),
    );
    expect(finished.toSorted()).toEqual(wanted.toSorted());
  });
});

/** The lines of the `sh` blocks of a page. */
function commandsOf(name: string): string[] {
  return [...readPage(name).matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) => block.trimEnd().split('\n'));
}

function readPage(name: string): string {
  return readFileSync(join(DOCS, `${name}.md`), 'utf8');
}

/** Words of a command line; double quotes keep words together. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
