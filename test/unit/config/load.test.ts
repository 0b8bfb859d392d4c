import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../../config/defaults.ts';
import { DEPLOYMENT_FILE } from '../../../config/file-schema.ts';
import { knownKeys } from '../../../config/known-keys.ts';
import { loadConfig, loadWhatIsValid } from '../../../config/load.ts';
import { readLayer } from '../../../config/layers.ts';
import { mergeValues } from '../../../config/layers.ts';

function folder(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'mlops-config-'));
  mkdirSync(join(root, 'config'));
  mkdirSync(join(root, '.mlops'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  return root;
}

const load = (files: Record<string, string>, env: Record<string, string> = {}) =>
  loadConfig({ env, workingDirectory: folder(files) });

const webhook = (events: string) =>
  `notifications: { webhooks: [{ url: "http://localhost", secret_file: s, events: ${events} }] }`;

describe('configuration', () => {
  it('is complete without any file', () => {
    const { config } = load({});
    expect(config.deployment.profiles['default']).toMatchObject({
      initialPercentage: 5,
      rampStep: 10,
      maxPercentage: 50,
    });
    expect(config.ports).toMatchObject({ api: 5000, gateway: 8080, temporal: 7233 });
  });

  it('gives whom the operating system alone names no role in production, whatever the file says', () => {
    const rolesIn = (env: Record<string, string>, files: Record<string, string> = {}) =>
      load(files, env).config.governance.developmentRoles;
    const file = { 'config/governance.yaml': 'identity: { development_roles: [approver] }\n' };
    expect(rolesIn({})).toContain('admin');
    expect(rolesIn({ MLOPS_ENV: 'staging' }, file)).toEqual(['approver']);
    expect(rolesIn({ MLOPS_ENV: 'production' })).toEqual([]);
    expect(rolesIn({ MLOPS_ENV: 'production' }, file)).toEqual([]);
  });

  it('lets mlops.yaml win over config/deployment.yaml, and says where each value comes from', () => {
    const { config, origins } = load({
      'config/deployment.yaml': 'canary:\n  ramp_step: 7\n  bake_minutes: 3\n',
      'mlops.yaml': 'deployment:\n  canary:\n    ramp_step: 9\n',
    });
    expect(config.deployment.profiles['default']).toMatchObject({ rampStep: 9, bakeMinutes: 3 });
    const originOf = (path: string) => origins.find((origin) => origin.path === path)?.origin;
    expect(originOf('deployment.canary.ramp_step')).toBe('mlops.yaml:3');
    expect(originOf('deployment.canary.bake_minutes')).toBe('config/deployment.yaml:3');
    expect(originOf('deployment.canary.initial_percentage')).toBe('defaults');
  });

  it('adds the port offset to every port', () => {
    expect(load({}, { MLOPS_PORT_OFFSET: '100' }).config.ports).toMatchObject({ api: 5100, postgres: 5533 });
  });

  it('reaches its own gateway on this machine, or one elsewhere by both its addresses and a token', () => {
    const own = load({}, { MLOPS_PORT_OFFSET: '100' }).config;
    expect(own.gateway).toMatchObject({
      url: 'http://127.0.0.1:8180',
      adminUrl: 'http://127.0.0.1:8181',
      isElsewhere: false,
    });
    expect(own.monitoringEndpoint).toBe('http://127.0.0.1:8180/metrics');
    const file = (keys: string) => ({ 'config/deployment.yaml': `gateway: { ${keys} }` });
    const urls = 'url: "https://gw.example", admin_url: "https://gw.example/admin/"';
    const { config } = load(file(`${urls}, token_file: secrets/token`));
    expect(config.gateway).toEqual({
      url: 'https://gw.example',
      adminUrl: 'https://gw.example/admin/',
      tokenFile: join(config.root, 'secrets/token'),
      isElsewhere: true,
    });
    expect(load(file('admin_listen_host: 0.0.0.0')).config.gateway.adminUrl).toBe('http://127.0.0.1:8081');
    expect(load(file('listen_host: "::1"')).config.gateway.url).toBe('http://[::1]:8080');
    expect(() => load(file(urls))).toThrow(/gateway\.token_file: null, wanted the file with the token/);
    expect(() => load(file('url: "https://gw.example"'))).toThrow(/gateway\.admin_url: null, wanted both/);
  });

  it('names every problem at once, with file, line and the nearest known name', () => {
    const broken = () =>
      load(
        {
          'config/deployment.yaml': 'canary:\n  ramp_stp: 3\n  initial_percentage: 200\njudge:\n  slow_action: never\n',
        },
        { MLOPS_EN: 'dev', MLOPS_PORT_OFFSET: '-1' },
      );
    expect(broken).toThrow(/deployment\.yaml:2: unknown key canary\.ramp_stp; the nearest is ramp_step/);
    expect(broken).toThrow(/deployment\.yaml:3: canary\.initial_percentage: 200/);
    expect(broken).toThrow(/judge\.slow_action/);
    expect(broken).toThrow(/MLOPS_EN is not known; the nearest is MLOPS_ENV/);
    expect(broken).toThrow(/MLOPS_PORT_OFFSET/);
  });

  it.each([
    ['health: { path: 5, failures: 4, out_of: 3 }', ['health.path: 5', 'health.failures: 4, wanted at most']],
    ['canary: { bake_minutes: -4, manual_gates: [33] }', ['canary.bake_minutes: -4', 'canary.manual_gates: 33']],
    [
      'targets: { m: { "1": nope, "2": "http://a.example" }, n: { "3": "http://b.example" } }',
      ['targets.m.1: "nope"', 'targets.m.2: http://a.example', 'targets.n.3: http://b.example'],
    ],
    [
      'allowed_hosts: [https://a.example, a.example:80, A.example, mlops.internal]',
      [0, 1, 2].map((at) => `allowed_hosts.${at}`),
    ],
    ['models: { a: { noise: x }, b: { noise: y } }', ['models.a.noise: x', 'models.b.noise: y']],
    [
      'noise_assumptions: { mine: { kinds: [{ fast_sd_log: 9 }] } }\njudge: { non_inferiority_ratio: 1.3 }',
      ['noise_assumptions.mine.kinds.0.fast_sd_log: 9', 'judge.non_inferiority_ratio: 1.3'],
    ],
    ['canary: []\nhealth: { failures: 4 }', ['canary: [], wanted keys', 'health.failures: 4']],
  ])('finds in %j what is wrong in itself and beside other settings', (yaml, problems) => {
    const broken = () => load({ 'config/deployment.yaml': `${yaml}\n` });
    for (const problem of problems) expect(broken).toThrow(problem);
  });

  it.each([
    // What was written is not known, so nothing is said of what depends on it.
    ['canary: { ramp_step: lots, manual_gates: [33] }', 'manual_gates'],
    ['canary: { ramp_stp: 3, manual_gates: [8] }', 'manual_gates'],
    ['noise_assumptions: { mine: 5 }\njudge: { noise: mine }', 'judge.noise'],
    ['endpoint_allow_list: 5\ntargets: { m: { "1": "http://a.example" } }', 'targets'],
  ])('guesses nothing from %j', (yaml, unsaid) => {
    const broken = () => load({ 'config/deployment.yaml': `${yaml}\n` });
    expect(broken).toThrow('config/deployment.yaml:1: ');
    expect(broken).not.toThrow(unsaid);
  });

  it('gives file and line of broken rules and of steps', () => {
    const yaml = [
      'canary:',
      '  steps:',
      '    - { shadow: 10 }',
      '    - weight: 10',
      '      gate: maybe',
      '    - { weight: 5.001 }',
      'health:',
      '  failures: 4',
      'profiles:',
      '  mine:',
      '    steps: null',
      '    manual_gates: [33]',
    ];
    const broken = () => load({ 'config/deployment.yaml': `${yaml.join('\n')}\n` });
    expect(broken).toThrow('config/deployment.yaml:5: canary.steps.1.gate: "maybe", wanted true or false');
    expect(broken).toThrow('config/deployment.yaml:8: health.failures: 4, wanted at most');
    expect(broken).toThrow('config/deployment.yaml:12: profiles.mine.manual_gates: 33, wanted one of');
    const fixed = yaml.join('\n').replace('maybe', 'true').replace('failures: 4', 'failures: 2');
    expect(() => load({ 'config/deployment.yaml': `${fixed}\n` })).toThrow(
      'config/deployment.yaml:6: canary.steps.2.weight: 5.001, wanted a multiple of 0.01',
    );
  });

  it('says of what a profile takes over where it stands, and in which profile it is wrong', () => {
    const inherited = {
      'config/deployment.yaml': 'canary:\n  manual_gates: [15]\nprofiles: { mine: { ramp_step: 20 } }\n',
    };
    expect(() => load(inherited)).toThrow(
      'config/deployment.yaml:2: canary.manual_gates: 15, wanted one of the planned weights 5, 25, 45, 50, 100 (profile mine)',
    );
  });

  it.each(['5', '[]', 'text'])('takes no %s for a section of mlops.yaml', (value) => {
    expect(() => load({ 'mlops.yaml': `monitoring:\ndeployment: ${value}\n` })).toThrow(
      /mlops\.yaml:2: deployment: .*, wanted keys with values/,
    );
  });

  it('shows the port offset that a stack remembers, and what it is without one', () => {
    const offsetOf = (files: Record<string, string>, env: Record<string, string> = {}) =>
      load(files, env).origins.find(({ path }) => path === 'MLOPS_PORT_OFFSET');
    const saved = { '.mlops/stack.json': '{"portOffset":300}' };
    expect(offsetOf(saved)).toMatchObject({ value: 300, origin: '.mlops/stack.json' });
    expect(offsetOf(saved, { MLOPS_PORT_OFFSET: '7' })).toMatchObject({ value: 7, origin: 'environment' });
    expect(offsetOf({})).toMatchObject({ value: 0, origin: 'defaults' });
  });

  it.each([
    ['k of n', 'health: { failures: 4, out_of: 3 }', 'health.failures'],
    ['a gate that is no step', 'canary: { manual_gates: [33] }', 'manual_gates'],
    ['a ratio off the lattice', 'judge: { non_inferiority_ratio: 1.3 }', 'non_inferiority_ratio'],
    ['an unknown noise assumption', 'judge: { noise: calm }', 'judge.noise'],
    ['a noise assumption that only looks known', 'judge: { noise: toString }', 'judge.noise: toString'],
    ['one of a model', 'models: { x: { noise: constructor } }', 'models.x.noise: constructor'],
    ['a name that is none of a model', 'targets: { a/../b: {} }', 'targets.a/../b: a name, wanted letters, digits'],
    ['an empty name', 'models: { "": {} }', 'models.: a name, wanted letters'],
    ['a metric that is required and only shown', 'judge: { dry_run_metrics: [errors] }', 'dry_run_metrics'],
    ['a target outside the allow-list', 'targets: { m: { "1": "http://example.com" } }', 'targets.m.1'],
    ['a deadline before the plan ends', 'canary: { max_deployment_hours: 1 }', 'max_deployment_hours'],
    ['YAML that is none', 'canary: [', 'deployment.yaml'],
    ['yes instead of true', 'canary: { auto_rollback: yes }', 'auto_rollback'],
  ])('refuses %s', (_name, yaml, named) => {
    expect(() => load({ 'config/deployment.yaml': `${yaml}\n` })).toThrow(named);
  });

  it.each([
    ['canary: { ramp_step: lots }', 'canary.ramp_step: "lots", wanted a number'],
    ['canary: { bake_minutes: -4 }', 'canary.bake_minutes: -4, wanted a number of at least 0'],
    ['canary: { tick_seconds: 0 }', 'canary.tick_seconds: 0, wanted a number above 0'],
    ['canary: { minimum_requests: 1.5 }', 'canary.minimum_requests: 1.5, wanted a whole number'],
    ['canary: { max_percentage: 300 }', 'canary.max_percentage: 300, wanted a number of at most 100'],
    ['judge: { error_budget: 1 }', 'judge.error_budget: 1, wanted a number below 1'],
    ['canary: { auto_rollback: "yes" }', 'canary.auto_rollback: "yes", wanted true or false'],
    ['judge: { slow_action: never }', 'judge.slow_action: "never", wanted one of hold, rollback'],
    ['judge: { required_metrics: [] }', 'judge.required_metrics: [], wanted a list with a length of at least 1'],
    ['targets: { m: { "1": nope } }', 'targets.m.1: "nope", wanted a URL, for example http://127.0.0.1:9101'],
    [
      'targets: { m: { "1": "http://ada:secret@h" } }',
      'targets.m.1: "http://(hidden)@h", wanted a URL without user and password',
    ],
    ['canary: { steps: [{ weight: 0 }] }', 'canary.steps.0.weight: 0, wanted a number above 0'],
    ['canary: { steps: [{ pause: soon }] }', 'canary.steps.0.pause: "soon", wanted minutes, or manual'],
    [
      'canary: { steps: [{ weight: 5, window_minuts: 3 }] }',
      'unknown key canary.steps.0.window_minuts; the nearest is window_minutes',
    ],
    ['profiles: { mine: { ramp_stp: 3 } }', 'unknown key profiles.mine.ramp_stp; the nearest is ramp_step'],
    ['models: { m: { noise: { kinds: [] } } }', 'models.m.noise.burst_range_log: missing, wanted a number'],
    ['notifications: { webhooks: [5] }', 'notifications.webhooks.0: 5, wanted keys with values'],
    [webhook('[strat]'), 'notifications.webhooks.0.events.0: "strat", wanted one of started, weight-set, gate'],
    [webhook('[strat]'), '; the nearest is started'],
    [webhook('everything'), 'notifications.webhooks.0.events: "everything", wanted all, or a list of event names'],
    ['canary: { steps: [{ wait: 3 }] }', 'canary.steps.0: {"wait":3}, wanted one of { weight: 25 }, { shadow: 10 }'],
    ['canary: []', 'canary: [], wanted keys with values'],
  ])('says of %s what is wanted, in words', (yaml, words) => {
    expect(() => load({ 'config/deployment.yaml': `${yaml}\n` })).toThrow(words);
  });

  it.each(['constructor', '__proto__', 'toString'])('knows no section %s, and no setting', (name) => {
    expect(() => load({ 'mlops.yaml': `${name}: {}\n` })).toThrow(`mlops.yaml:1: unknown key ${name}`);
    expect(() => load({ 'config/deployment.yaml': `${name}: {}\n` })).toThrow(`unknown key ${name}`);
  });

  it.each([
    ['MONITORING_ENDPOINT', 'http://ada:secret@h/metrics', '"http://(hidden)@h/metrics", wanted a URL without user'],
    ['MODEL_REGISTRY_URL', 'http://ada:secret@h', '"http://(hidden)@h", wanted a URL without user and password'],
    ['DATABASE_URL', 'mysql://ada:secret@h', '"(hidden)", wanted a postgres:// URL'],
    [
      'MLOPS_IDENTITY',
      '{"privateKey": "secret"}',
      '"(hidden)", wanted a name or the path of a file, not what is in it',
    ],
  ])('says of %s what is wanted, and nothing secret that stands there', (name, value, words) => {
    const seen = problemOf(() => load({}, { [name]: value }));
    expect(seen).toContain(words);
    expect(seen).not.toMatch(/secret/);
  });

  it('minds no environment variable of that name', () => {
    expect(load({}, { constructor: '1', toString: '2' }).config.environment).toBe('dev');
  });

  it('takes no model name of monitoring.yaml that no command would take', () => {
    expect(() => load({ 'config/monitoring.yaml': 'model_name: "a b"\n' })).toThrow(
      'config/monitoring.yaml:1: model_name: "a b", wanted letters, digits',
    );
  });

  it('names the nearest key of the same file', () => {
    expect(() => load({ 'config/monitoring.yaml': 'modelname: x\n' })).toThrow(
      'config/monitoring.yaml:1: unknown key modelname; the nearest is model_name',
    );
  });

  it('documents every key of a step', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/configuration.md'), 'utf8');
    const keys = knownKeys(DEPLOYMENT_FILE, ['canary', 'steps', '0']);
    expect(keys).toHaveLength(8);
    for (const key of keys)
      expect(page).toMatch(new RegExp(`^\\| \`canary\\.steps\\[\\]\\.${key}\` \\| .* \\| \\S`, 'm'));
  });

  it('ships files that repeat the defaults exactly', () => {
    for (const name of ['deployment', 'monitoring'] as const) {
      const layer = readLayer(join(import.meta.dirname, `../../../config/${name}.yaml`), '/');
      const value = layer !== null && 'value' in layer ? layer.value : null;
      expect(mergeValues(DEFAULTS[name], value)).toEqual(DEFAULTS[name]);
    }
  });
});

describe('what of a configuration is valid', () => {
  const loadValid = (text: string, env: Record<string, string> = {}) =>
    loadWhatIsValid({ env, workingDirectory: folder({ 'config/deployment.yaml': text }) });

  it('keeps every key but those that are wrong, and names these', () => {
    const { config, problems } = loadValid(
      'gateway: { admin_url: "https://gw.example/admin", token_file: here, user_header: 7 }\nhealth: { path: 5 }\nnonsense: 1\n',
    );
    expect(config.gateway).toMatchObject({ adminUrl: 'https://gw.example/admin', isElsewhere: true });
    expect(config.gateway.tokenFile).toBe(join(config.root, 'here'));
    expect(config.deployment.gateway.userHeader).toBe(DEFAULTS.deployment.gateway.user_header);
    expect(config.deployment.health.path).toBe(DEFAULTS.deployment.health.path);
    // Rules between settings are checked as well.
    expect(problems.map((problem) => /: (\S+)/.exec(problem)?.[1])).toEqual([
      'health.path:',
      'gateway.user_header:',
      'unknown',
      'gateway.url:',
    ]);
  });

  it.each([
    'gateway: 5\n',
    'gateway: [1]\n',
    'canary: { steps: [{ wait: 1 }] }\n',
    'targets: { m: { v: nowhere } }\n',
    'notifications: { webhooks: [{ url: 1 }] }\n',
    'profiles: { mine: { ramp_step: no }, fast: { bake_minutes: soon, x: { y: 1 } } }\n',
    ': :\n- ][',
    '- a list\n',
  ])('is complete whatever else is wrong: %j', (text) => {
    const { config, problems } = loadValid(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(config.gateway.adminUrl).toBe('http://127.0.0.1:8081');
    expect(config.deployment.profiles['default']).toMatchObject({ rampStep: 10 });
  });

  it('is all of it, without a problem, when nothing is wrong', () => {
    const { config, problems } = loadValid('canary: { ramp_step: 7 }\n');
    expect([problems, config.deployment.profiles['default']?.rampStep]).toEqual([[], 7]);
  });
});

function problemOf(work: () => unknown): string {
  try {
    work();
    return 'no problem';
  } catch (error) {
    return (error as Error).message;
  }
}
