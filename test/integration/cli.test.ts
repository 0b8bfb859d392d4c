import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CATALOG } from '../../client/cli/catalog.ts';
import { loadConfig } from '../../config/load.ts';
import { playAlone } from '../../workers/demo-turn.ts';
import { OFFSETS } from '../support/offsets.ts';

const MLOPS = join(import.meta.dirname, '../../bin/mlops');
const EMPTY = mkdtempSync(join(tmpdir(), 'mlops-cli-'));
// Nothing listens on these ports.
const ENV = { ...process.env, MLOPS_PORT_OFFSET: String(OFFSETS.nothing) };
const mlops = (...args: string[]) => spawnSync(MLOPS, args, { cwd: EMPTY, env: ENV, encoding: 'utf8' });

const HISTORY = join(import.meta.dirname, '../replay/histories/promoted/history.bin.gz');
const LEDGER = (name: string) => join(import.meta.dirname, '../fixtures/ledger', name);

/** What `status` tells people of a stack that does not run. */
const DOWN = 'Something is down. Start what is missing with: mlops up --detach; what mends each: mlops doctor\n';

describe('mlops audit verify', () => {
  const verify = (file: string, ...args: string[]) => mlops('audit', 'verify', '--file', file, '-o', 'json', ...args);
  const trusted = ['--keys', LEDGER('trusted-keys')];

  it('ends with 0 when a trusted key signed, with 7 when none was given', () => {
    const signed = verify(LEDGER('full.jsonl'), ...trusted, '--checkpoint', LEDGER('size-2.note'));
    expect(signed.status).toBe(0);
    expect(JSON.parse(signed.stdout)).toMatchObject({ schemaVersion: 1, valid: true, size: 3, problems: [] });
    expect(verify(LEDGER('full.jsonl')).status).toBe(7);
    // The header of an export is a checkpoint too.
    expect(verify(LEDGER('full.jsonl'), ...trusted, '--checkpoint', LEDGER('full.jsonl')).status).toBe(0);
  });

  it('ends with 3 on a changed file, and reads standard input', () => {
    const input = readFileSync(LEDGER('full.jsonl'), 'utf8').replace('principal:01', 'principal:99');
    const { status, stdout } = spawnSync(MLOPS, ['audit', 'verify', '--file', '-', ...trusted], {
      cwd: EMPTY,
      env: ENV,
      encoding: 'utf8',
      input,
    });
    expect(status).toBe(3);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      'The file is NOT valid: 1 problem; the first event that fails is 1.',
    );
  });

  it('uses the keys that the ledger of the project keeps', () => {
    const env = { ...ENV, AUDIT_STORAGE_PATH: LEDGER('.') };
    const args = ['audit', 'verify', '--file', LEDGER('full.jsonl')];
    expect(spawnSync(MLOPS, args, { cwd: EMPTY, env }).status).toBe(0);
  });
});

describe('the command line', () => {
  it.each(CATALOG.map(({ name }) => [name]))('explains `%s` with -h, and its module can be run', async (name) => {
    const { status, stdout } = mlops(...name.split(' '), '-h');
    expect(status).toBe(0);
    expect(stdout).toContain('Usage: mlops');
    const spec = CATALOG.find((candidate) => candidate.name === name);
    expect(typeof (await spec?.load())?.run).toBe('function');
  });

  it.each([
    [['rollout', 'strat'], 2, 'Did you mean start'],
    [['staus'], 2, 'Did you mean status'],
    [['rollout', 'start', '--modle', 'm'], 2, 'Did you mean --model'],
    [['rollout', 'status', '-o', 'xml'], 2, 'Allowed choices'],
    [['nonsense'], 2, 'Try: mlops --help'],
    [['rollout', 'nonsense'], 2, 'Try: mlops rollout --help'],
    [['rollout', 'start', '--modle', 'm'], 2, 'Try: mlops rollout start --help'],
    [['rollout', 'start'], 2, 'Option --to is missing'],
    [['rollout', 'status'], 1, 'PAYLOAD_KEYS_INVALID'],
    [['rollout', 'list'], 1, 'DATABASE_UNREACHABLE'],
    [['rollout', 'start', '--from', '2', '--to', '2', '--endpoint', '2=http://[::1]'], 2, 'Versions are the same: 2'],
    [['benchmark', 'quality', '--release', '9.9.9', '--limit', '1'], 2, 'Release is not known: 9.9.9, wanted one of'],
    [['drift', 'check'], 2, 'not there yet'],
    [['completion', 'tcsh'], 2, 'bash, zsh or fish'],
    [['rollout', 'watch', '--timeout', 'soon'], 2, 'Duration is not valid'],
    [['rollback', 'm'], 1, 'ROUTER_UNREACHABLE'],
    [['rollback', 'm', '--dry-run'], 1, 'ROUTER_UNREACHABLE'],
    [['rollout', 'start', '--to', '2'], 1, 'ROUTER_UNREACHABLE'],
    [['rollout', 'start', '--from', '1', '--to', '2'], 2, 'TARGET_UNKNOWN'],
    [['rollout', 'start', '--from', '1', '--to', '2', '--endpoint', '2'], 2, 'Endpoint is not valid'],
    [['rollout', 'start', '--from', '1', '--to', '2', '--profile', 'x'], 2, 'Profile is not known'],
    [['rollout', 'receipt', '--verify', MLOPS], 2, 'RECEIPT_INVALID'],
    [['rollout', 'receipt', '--verify', 'a.json', '--out', 'b.json'], 2, 'Option --verify goes with no other: --out'],
    [['audit', 'query', '--limit', 'many'], 2, '--limit is not valid: many, wanted a whole number'],
    [['audit', 'query', '--risk', 'none'], 2, '--risk is not valid: none, wanted one of low'],
    [['audit', 'query', '--type', 'nonsense'], 2, '--type is not valid: nonsense, wanted a type'],
    [['audit', 'query', '--type', 'model.promotd'], 2, 'the nearest is model.promoted'],
    [
      ['audit', 'query', '--type', 'traffic.nonsense'],
      2,
      'wanted traffic. or one of traffic.reserved, traffic.applied,',
    ],
    [['audit', 'query', '--type', 'rolout.'], 2, 'the nearest is rollout.'],
    [['audit', 'query', '--type', 'security_evnt'], 2, 'the nearest is security_event'],
    [['audit', 'query', '--framework', 'sox2'], 2, 'wanted one of gdpr, hipaa, iso27001, soc2; the nearest is soc2'],
    [['audit', 'query', '--since', '5'], 2, '--since is not valid: 5, wanted a day, or a time with its zone'],
    [['audit', 'query', '--until', '2026-11-23T10:00'], 2, '--until is not valid: 2026-11-23T10:00'],
    [
      ['audit', 'query', '--since', '2026-11-24', '--until', '2026-11-23'],
      2,
      '--until is not valid: 2026-11-23, wanted a time after --since, 2026-11-24T00:00:00.000Z',
    ],
    [
      ['audit', 'query', '--since', '2026-11-24', '--until', '2026-11-24'],
      2,
      '--until is not valid: 2026-11-24, wanted a time after --since',
    ],
    [['audit', 'query', '--limit', '0'], 2, '--limit is not valid: 0, wanted at least 1'],
    [['audit', 'export', '--type', 'nope'], 2, '--type is not valid: nope'],
    [['audit', 'export', '--from', '5', '--to', '3'], 2, '--from 5 is behind --to 3'],
    [['model', 'history', 'm', '--limit', '0'], 2, '--limit is not valid: 0, wanted 1 to 1000'],
    [['audit', 'query', '--type', 'rollout.'], 1, 'DATABASE_UNREACHABLE'],
    [['audit', 'query', '--type', 'security_event', '--framework', 'SOC2'], 1, 'DATABASE_UNREACHABLE'],
    [['audit', 'verify', '--file', LEDGER('full.jsonl'), '--keys', HISTORY], 2, 'VERIFIER_KEY_INVALID'],
    [['approval', 'delegate', 'ada', '--for', '99999d', '--dry-run'], 2, 'wanted more than 0 and at most 90 days'],
    [['audit', 'event', 'first'], 2, 'The sequence is not valid: first'],
    [['audit', 'verify', '--file', 'nothing.jsonl'], 2, 'INPUT_UNREADABLE'],
    [['audit', 'verify', '--file', LEDGER('full.jsonl'), '--key', 'a+b+c'], 2, 'VERIFIER_KEY_INVALID'],
    [['clean'], 2, 'CLEAN_REFUSED'],
    ...['-1', '1.5', '56072', 'many', ''].map((offset): [string[], number, string] => [
      ['up', '--detach', '--port-offset', offset],
      2,
      `Option --port-offset is not valid: ${offset || 'empty'}, wanted a whole number from 0 to 56071`,
    ]),
    [['up', '--dry-run', '--port-offset', 'many'], 2, 'Option --port-offset is not valid: many'],
    [['status'], 1, 'mlops up --detach'],
  ])('ends `mlops %j` with %i', (args, code, message) => {
    const { status, stderr } = mlops(...args);
    expect(stderr).toContain(message);
    expect(status).toBe(code);
  });

  it.each([
    [['--help'], 0],
    [['rollout', 'start', '--help'], 0],
    [['completion', 'bash'], 0],
    [['config', 'show', '--origin'], 0],
    [['config', 'show', '-o', 'json'], 0],
    [
      ['rollout', 'plan', '--from', '1', '--to', '2', '--endpoint', '1=http://[::1]', '--endpoint', '2=http://[::1]'],
      0,
    ],
    [['status'], 1],
  ])(
    'ends `mlops %j` quietly when nobody reads what it prints (`| head -2`), with the code it has',
    async (args, code) => {
      const child = spawn(MLOPS, args, { cwd: EMPTY, env: ENV, stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout.destroy();
      let errors = '';
      child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
      const ended = await new Promise((resolve) => child.once('close', (...how) => resolve(how)));
      expect(errors).toBe(code === 0 ? '' : DOWN);
      expect(ended).toEqual([code, null]);
    },
  );

  it.each([
    ['rollout', 'replay', '--input'],
    ['rollout', 'calibrate', '--model', 'm', '--input'],
    ['rollout', 'receipt', '--verify'],
    ['benchmark', 'quality', '--queries'],
  ])('ends `mlops %s %s ...` with 2 for a file that cannot be read, saying which and why', (...command) => {
    const [missing, folder] = [mlops(...command, 'nothing.jsonl'), mlops(...command, EMPTY)];
    expect([missing.status, folder.status]).toEqual([2, 2]);
    expect(missing.stderr).toContain(
      `Input nothing.jsonl cannot be read: there is no file ${join(EMPTY, 'nothing.jsonl')}, wanted a file that this user may read (INPUT_UNREADABLE)\nTry: `,
    );
    expect(folder.stderr).toContain(`Input ${EMPTY} cannot be read: it is a folder, wanted a file`);
  });

  it('prints errors as JSON when asked, on stderr, and nothing on stdout', () => {
    const { stdout, stderr } = mlops('rollback', 'm', '-o', 'json');
    expect(stdout).toBe('');
    expect(JSON.parse(stderr)).toMatchObject({
      schemaVersion: 1,
      error: { code: 'ROUTER_UNREACHABLE', retryable: true, remedy: expect.stringContaining('mlops up') as string },
    });
  });

  it('prints data as JSON, JSON lines, YAML and Markdown with a schema version first', () => {
    expect(mlops('config', 'show', '-o', 'json').stdout).toMatch(/^\{\n {2}"schemaVersion": 1,/);
    expect(mlops('config', 'show', '-o', 'jsonl').stdout.split('\n')).toHaveLength(2);
    expect(mlops('config', 'show', '-o', 'yaml').stdout).toMatch(/^schemaVersion: 1\n/);
    expect(mlops('config', 'show', '-o', 'md').stdout).toMatch(/^```text/);
  });

  it('changes nothing with --dry-run', () => {
    for (const verb of ['setup', 'up', 'down', 'clean']) {
      const { status, stdout } = mlops(verb, '--dry-run');
      expect([verb, status]).toEqual([verb, 0]);
      expect(stdout).toContain('Nothing is changed');
      expect(JSON.parse(mlops(verb, '--dry-run', '-o', 'json').stdout)).toMatchObject({
        schemaVersion: 1,
        dryRun: true,
      });
    }
  });

  it('skips nothing in production unless the model is named again', () => {
    const promote = (...more: string[]) =>
      spawnSync(MLOPS, ['rollout', 'promote', '--model', 'm', '--dry-run', ...more], {
        cwd: EMPTY,
        env: { ...ENV, MLOPS_ENV: 'production' },
        encoding: 'utf8',
      });
    expect([promote().status, promote('--confirm', 'n').status, promote('--confirm', 'm').status]).toEqual([2, 2, 1]);
    // Confirmed, it looks at the rollout: nothing answers here.
    expect(promote('--confirm', 'm').stderr).toContain('PAYLOAD_KEYS_INVALID');
    expect(promote().stderr).toContain('Add --confirm m');
  });

  it('removes nothing in production, whoever says yes', () => {
    const { status, stderr } = spawnSync(MLOPS, ['clean', '--yes'], {
      cwd: EMPTY,
      env: { ...ENV, MLOPS_ENV: 'production' },
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([2, expect.stringContaining('MLOPS_ENV is production')]);
  });

  it('plays one demo at a time: a second is refused with who plays, and touches nothing', async () => {
    const root = mkdtempSync(join(tmpdir(), 'mlops-cli-demo-'));
    const { config } = loadConfig({ env: ENV, workingDirectory: root });
    await playAlone(config, async () => {
      const { status, stderr } = spawnSync(MLOPS, ['demo'], { cwd: root, env: ENV, encoding: 'utf8' });
      expect([status, stderr]).toEqual([3, expect.stringContaining(`on this stack (pid ${process.pid})`)]);
      expect(readdirSync(config.stateDirectory)).toEqual(['run']);
      await Promise.resolve();
    });
  });

  it('shows the plan of the brief', () => {
    const { stdout, status } = mlops(
      'rollout',
      'plan',
      '--from',
      '1',
      '--to',
      '2',
      '--endpoint',
      '1=http://127.0.0.1:1',
      '--endpoint',
      '2=http://127.0.0.1:2',
    );
    expect(status).toBe(0);
    for (const weight of ['5 %', '15 %', '25 %', '35 %', '45 %', '50 %', '100 %']) expect(stdout).toContain(weight);
  });

  it('shows what a shadow step demands of the overlap, and says nothing of it without one', () => {
    const root = mkdtempSync(join(tmpdir(), 'mlops-plan-'));
    mkdirSync(join(root, 'config'));
    writeFileSync(
      join(root, 'config/deployment.yaml'),
      'canary: { shadow_percentage: 50 }\nprofiles: { strict: { shadow_minimum_overlap: 0.8 }, bare: { shadow_percentage: 0 } }\n',
    );
    const endpoints = ['1', '2'].flatMap((version) => ['--endpoint', `${version}=http://127.0.0.1:1`]);
    const plan = (profile: string, format: string): string =>
      spawnSync(
        MLOPS,
        ['rollout', 'plan', '--from', '1', '--to', '2', '--profile', profile, '-o', format, ...endpoints],
        { cwd: root, env: ENV, encoding: 'utf8' },
      ).stdout;
    for (const format of ['table', 'md']) {
      expect(plan('strict', format)).toContain('wanted an overlap of 0.8 or more');
      expect(plan('default', format)).toContain('decides nothing (shadow_minimum_overlap is null)');
    }
    expect(JSON.parse(plan('strict', 'json'))).toMatchObject({ request: { policy: { shadowMinimumOverlap: 0.8 } } });
    expect(plan('bare', 'table')).toContain('Evidence of harm');
    expect(plan('bare', 'table')).not.toContain('overlap');
  });

  it('completes nouns, verbs and options in bash', () => {
    const script = `source <('${MLOPS}' completion bash); COMP_WORDS=(mlops rollout ""); COMP_CWORD=2; _mlops; echo "\${COMPREPLY[@]}"; COMP_WORDS=(mlops up --); COMP_CWORD=2; COMP_WORDS=(mlops rollout start --); COMP_CWORD=3; _mlops; echo "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync('bash', ['-c', script], { cwd: EMPTY, env: ENV, encoding: 'utf8' });
    expect(stdout).toContain('receipt');
    expect(stdout).toContain('--supersede');
  });
});
