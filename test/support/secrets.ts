import { createHash } from 'node:crypto';
import { appendFile, cp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import proto from '@temporalio/proto';
import type { Client, Connection } from '@temporalio/client';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { Client as Database } from 'pg';
import { databaseUrlOf } from '../../adapters/postgres/pool.ts';
import type { MlopsConfig } from '../../config/schema.ts';
import { planted, textAt, type Place, type Planted } from './leaks.ts';
import { OFFSETS } from './offsets.ts';
import { createProject, until, type Run, type TestProject } from './stack.ts';
import { startReceiver } from './webhook-receiver.ts';

/** With what has to be escaped in URLs and in JSON. */
const WEBHOOK_SECRET = 'wh/+"secret"-5f2c9d81e7';
const ISSUER = 'https://token.actions.example';
/** Folders and files of the state that secrets are kept in. */
const KEPT = /^(keys|identities|postgres|gateway\/token)(\/|$)/;

type As = (name: string | null, ...args: string[]) => Promise<Run>;

interface Stack {
  readonly as: As;
  readonly client: Client & { readonly connection: Connection };
  readonly config: MlopsConfig;
  readonly project: TestProject;
}

/** Before the stack starts: a webhook with a secret, and an identity provider whose tokens stand for vera. */
export async function plantSecrets(root: string) {
  // The first attempt of each delivery is refused: failures are written down too.
  const receiver = await startReceiver(WEBHOOK_SECRET, () => true);
  await writeFile(join(root, 'webhook-secret'), WEBHOOK_SECRET);
  const webhook = `{ url: '${receiver.url}', secret_file: webhook-secret, events: all }`;
  await appendFile(join(root, 'config/deployment.yaml'), `notifications: { webhooks: [${webhook}] }\n`);
  const keys = await generateKeyPair('RS256');
  const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }] };
  const server = createServer((_, response) => void response.end(JSON.stringify(jwks)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  const issuer = `{ issuer: '${ISSUER}', audience: durable-mlops, jwks_url: '${jwksUrl}', subjects: [{ principal: vera, claims: { repository: acme/rag } }] }`;
  await writeFile(join(root, 'config/governance.yaml'), `identity: { issuers: [${issuer}] }\n`);
  const sign = async (audience: string): Promise<string> =>
    await new SignJWT({ repository: 'acme/rag' })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuer(ISSUER)
      .setSubject('repo:acme/rag')
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(keys.privateKey);
  return {
    token: await sign('durable-mlops'),
    refusedToken: await sign('somebody-else'),
    close: () => {
      server.close();
      receiver.close();
    },
  };
}

/** Uses every kind of secret, also where it is refused. Gives what there is to look for, and a word that may be seen. */
export async function useSecrets({
  secrets: { refusedToken, token },
  askFor,
  ...stack
}: Stack & {
  readonly secrets: Awaited<ReturnType<typeof plantSecrets>>;
  readonly askFor: (version: string) => Promise<string>;
}): Promise<{ readonly secrets: readonly Planted[]; readonly said: readonly Place[]; readonly word: string }> {
  const word = 'seen-everywhere-7c1d';
  const typed = '--type embedding --metadata dimension=8 --metadata distance=dot --metadata tokenizer=words';
  await stack.as('emil', ...`model register ${word} 1.0.0 ${typed}`.split(' '));
  const said = [await callApi(stack, token, 200), await callApi(stack, refusedToken, 401)];
  const links = await decideByLinks(stack, await askFor('1.3.0'), word);
  const failing = await failWithSecrets(stack);
  return {
    word,
    said: [...said, ...failing.said],
    secrets: [
      planted('webhook secret', WEBHOOK_SECRET),
      planted('token', token),
      planted('refused token', refusedToken),
      ...links,
      ...failing.secrets,
      ...(await keptSecrets(stack.config.stateDirectory)),
    ],
  };
}

async function callApi({ config }: Stack, token: string, status: number): Promise<Place> {
  const response = await fetch(
    `http://127.0.0.1:${config.ports.api}/api/2.0/mlflow/registered-models/search?max_results=1`,
    { headers: { authorization: `Bearer ${token}` } },
  );
  if (response.status !== status) throw new Error(`the API answered ${response.status}: ${await response.text()}`);
  return textAt('answer of the API', await response.text());
}

/** One link is used on its page, one as the code of a signal, one not at all. */
async function decideByLinks({ as, client, config }: Stack, approvalId: string, word: string): Promise<Planted[]> {
  const api = `http://127.0.0.1:${config.ports.api}`;
  const linkOf = async (
    name: string,
  ): Promise<{ readonly url: string; readonly id: string; readonly secret: string }> => {
    const { stdout } = await as(name, 'approval', 'show', approvalId, '--link', '-o', 'json');
    const [url = '', secret = ''] = (JSON.parse(stdout) as { link: { url: string } }).link.url.split('#');
    return { url, secret, id: url.split('/').at(-1) ?? '' };
  };
  const [page, signal, unused] = [await linkOf('anna'), await linkOf('aldo'), await linkOf('arno')];
  const wrong = 'a-secret-that-is-not-the-one-of-this-link';
  const post = async (path: string, body: object, cookie = ''): Promise<Response> =>
    await fetch(`${page.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: api, cookie },
      body: JSON.stringify(body),
    });
  await post('/open', { secret: wrong });
  const opened = await post('/open', { secret: page.secret });
  const { csrf } = (await opened.json()) as { csrf: string };
  const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
  const decided = await post('/decide', { verdict: 'approve', reason: 'fine', csrf }, cookie);
  if (!decided.ok) throw new Error(await decided.text());
  const handle = client.workflow.getHandle(`approval/${approvalId}`);
  await handle.signal('approve', { code: `${signal.id}.${wrong}` });
  await handle.signal('approve', { code: `${signal.id}.${signal.secret}` });
  await signalInPlain(client, `approval/${approvalId}`, word);
  const show = async () => (await as('vera', 'approval', 'show', approvalId, '-o', 'json')).stdout;
  await until(show, (text) => (text.match(/"verdict": "approve"/g) ?? []).length === 2, 20_000);
  return [
    ...[page, signal, unused].map(({ secret }, at) => planted(`secret of link ${at + 1}`, secret)),
    planted('wrong secret of a link', wrong),
    planted('csrf', csrf),
  ];
}

/** As the command line of Temporal does, which knows no keys of ours. */
async function signalInPlain(
  { connection, options }: Stack['client'],
  workflowId: string,
  word: string,
): Promise<void> {
  const metadata = { encoding: Buffer.from('json/plain') };
  await connection.workflowService.signalWorkflowExecution({
    namespace: options.namespace,
    workflowExecution: { workflowId },
    signalName: 'approve',
    input: { payloads: [{ metadata, data: Buffer.from(JSON.stringify({ actor: word })) }] },
  });
}

/** Commands that fail with a secret at hand: in addresses, variables, and files that are not as they should be. */
async function failWithSecrets({ config }: Stack) {
  const secret = (name: string): string => `${name}-${createHash('sha256').update(name).digest('hex').slice(0, 24)}`;
  const closed = OFFSETS.nothing + 8080;
  const address = (scheme: string, port = closed, path = ''): string =>
    `${scheme}://user:${secret('password')}@127.0.0.1:${port}${path}`;
  const aside = await createProject(config.ports.gateway - 8080, null);
  await cp(config.stateDirectory, join(aside.root, '.mlops'), { recursive: true, filter: isNeededAside });
  const broken = async (file: string): Promise<string> => {
    const path = join(aside.root, file);
    await writeFile(path, `{ "active": "k", "privateKey": ${secret(file)}`, { mode: 0o600 });
    return path;
  };
  const identity = await readFile(join(config.stateDirectory, 'identities/olga.json'), 'utf8');
  const DATABASE_URL = databaseUrlOf(config);
  const files = {
    vault: `keys: { provider: vault, vault: { address: 'http://127.0.0.1:${closed}' } }`,
    bucket: `artifacts: { store: s3, s3: { endpoint: 'http://127.0.0.1:${closed}', bucket: models } }`,
    issuer: `identity: { issuers: [{ issuer: 'https://a.example', audience: a, jwks_url: '${address('http')}', subjects: [] }] }`,
  };
  const typed = '--type embedding --metadata dimension=8 --metadata distance=dot --metadata tokenizer=words';
  const runs: readonly (readonly [args: string, env: Record<string, string>, says: string, file?: string])[] = [
    ['model list', { DATABASE_URL: address('postgres', closed, '/x') }, 'DATABASE_UNREACHABLE'],
    ['model list --debug', { DATABASE_URL: address('postgres', config.ports.postgres, '/x') }, 'authentication failed'],
    ['model list', { DATABASE_URL: address('mysql') }, 'CONFIG_INVALID'],
    ['status', { DATABASE_URL: address('postgres', closed, '/x') }, 'nobody answers'],
    ['status', { MONITORING_ENDPOINT: address('http', closed, '/metrics') }, '(hidden)@'],
    ['config show', { DATABASE_URL: address('postgres', closed, '/x') }, 'databaseUrl: (hidden)'],
    ['config show --origin', { MODEL_REGISTRY_URL: address('http') }, '(hidden)@'],
    ['model import --from-mlflow', { MODEL_REGISTRY_URL: address('ftp') }, '(hidden)@'],
    [`model import --from-mlflow ${address('http')}`, { DATABASE_URL }, '(hidden)@'],
    [`rollout start --model rag_api --from 1.2.0 --to 1.3.0 --endpoint 1.2.0=${address('http')}`, {}, '(hidden)@'],
    ['config show', {}, '(hidden)@', files.issuer],
    ['model list', { MLOPS_WRAPPING_KEYS: `k:${secret('wrapping')}` }, 'CONFIG_INVALID'],
    ['model list', { MLOPS_IDENTITY: identity, DATABASE_URL }, 'not what is in it'],
    ['model list', { MLOPS_IDENTITY: await broken('identity.json'), DATABASE_URL }, 'it is no JSON'],
    ['audit export', { VAULT_TOKEN: secret('vault'), DATABASE_URL }, 'KEY_SERVICE_UNREACHABLE', files.vault],
    [
      `model register words 1.0.0 ${typed} --artifact identity.json`,
      { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: secret('aws'), DATABASE_URL },
      'ARTIFACT_STORE',
      files.bucket,
    ],
    ['rollout status', {}, 'PAYLOAD_KEYS_INVALID', '.mlops/keys/payload.json'],
    ['audit query', { DATABASE_URL }, 'LEDGER_KEYS_INVALID', '.mlops/keys/ledger-wrapping.json'],
  ];
  const said: Place[] = [];
  for (const [args, env, says, file = ''] of runs) {
    if (file.startsWith('.')) await broken(file);
    else await writeFile(join(aside.root, 'config/governance.yaml'), file);
    const { stderr, stdout } = await aside.mlops(args.split(' '), { env });
    if (!(stdout + stderr).includes(says)) throw new Error(`mlops ${args} did not say ${says}: ${stdout}${stderr}`);
    said.push(textAt(`mlops ${args.split(' ').slice(0, 3).join(' ')}, which says ${says}`, stdout + stderr));
  }
  await aside.remove();
  const names = [
    'password',
    'wrapping',
    'vault',
    'aws',
    'identity.json',
    ...['payload', 'ledger-wrapping'].map((name) => `.mlops/keys/${name}.json`),
  ];
  return { said, secrets: names.map((name) => planted(`secret ${name}`, secret(name))) };
}

/** What commands on another machine have a copy of. */
function isNeededAside(path: string): boolean {
  return /\.mlops(\/keys(\/(payload|ledger-wrapping)\.json)?|\/gateway(\/token)?)?$/.test(path);
}

/** Those that the program has made for itself. */
async function keptSecrets(stateDirectory: string): Promise<Planted[]> {
  const read = async (file: string): Promise<string> => (await readFile(join(stateDirectory, file), 'utf8')).trim();
  const keyOf = (name: string, base64: string): Planted => ({ name, bytes: Buffer.from(base64, 'base64') });
  const rings = ['payload', 'ledger-wrapping'].map(async (name) => {
    const { keys } = JSON.parse(await read(`keys/${name}.json`)) as { keys: Record<string, string> };
    return Object.values(keys).map((key) => keyOf(`key of ${name}`, key));
  });
  const { keys: signing } = JSON.parse(await read('keys/ledger-signing.json')) as { keys: string[] };
  const people = (await readdir(join(stateDirectory, 'identities'))).map(async (file) => {
    const { privateKey } = JSON.parse(await read(`identities/${file}`)) as { privateKey: string };
    // What is before the last 32 bytes is the same in all of them.
    return { name: `private key ${file}`, bytes: Buffer.from(privateKey, 'base64').subarray(-32) };
  });
  return [
    planted('gateway token', await read('gateway/token')),
    planted('password of the database', await read('keys/postgres-password')),
    ...(await Promise.all(rings)).flat(),
    ...signing.map((key) => ({ name: 'signing key', bytes: Buffer.from(key, 'base64').subarray(-32) })),
    ...(await Promise.all(people)),
  ];
}

/** Everything that people, programs and backups get to see of a stack. */
export async function readPlaces(stack: Stack): Promise<Place[]> {
  const parts = [readTables, readHistories, readReports, readMetrics, readProcesses, readState];
  return (await Promise.all(parts.map(async (read) => await read(stack)))).flat();
}

/** What a dump in plain text has. */
async function readTables({ config }: Stack): Promise<Place[]> {
  const database = new Database({ connectionString: databaseUrlOf(config) });
  await database.connect();
  try {
    const { rows } = await database.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    );
    const places: Place[] = [];
    for (const { name } of rows) {
      const { rows: lines } = await database.query<{ line: string }>(`SELECT t::text AS line FROM "${name}" t`);
      places.push(textAt(`table ${name}`, lines.map(({ line }) => line).join('\n')));
    }
    return places;
  } finally {
    await database.end();
  }
}

/** Payloads as the server has them. */
async function readHistories({ client }: Stack): Promise<Place[]> {
  const { connection, options } = client;
  const places: Place[] = [];
  for await (const { runId, workflowId } of client.workflow.list()) {
    const execution = { workflowId, runId };
    const { history } = await connection.workflowService.getWorkflowExecutionHistory({
      namespace: options.namespace,
      execution,
    });
    const content = Buffer.from(proto.temporal.api.history.v1.History.encode(history ?? {}).finish());
    places.push({ name: `history of ${workflowId}`, content });
  }
  return places;
}

async function readReports({ as, project }: Stack): Promise<Place[]> {
  const file = (name: string): string => join(project.root, name);
  await as('olga', 'rollout', 'receipt', '--model', 'rag_api', '--out', file('r.json'), '--html', file('r.html'));
  await as(null, 'identity', 'create', 'auditor', '--role', 'auditor');
  await as('auditor', 'audit', 'export', '--payloads', '--out', file('ledger.jsonl'));
  return [
    { name: 'receipt, JSON', content: await readFile(file('r.json')) },
    { name: 'receipt, HTML', content: await readFile(file('r.html')) },
    { name: 'ledger, exported', content: await readFile(file('ledger.jsonl')) },
  ];
}

async function readMetrics({ config: { gateway, ports } }: Stack): Promise<Place[]> {
  const addresses = [`http://127.0.0.1:${ports.api}`, gateway.url, `http://127.0.0.1:${ports.workerMetrics}`];
  const answers = addresses.map(async (address) => {
    const response = await fetch(`${address}/metrics`);
    return textAt(`metrics of ${address}`, await response.text());
  });
  return await Promise.all(answers);
}

/** The list of processes, which every user of the machine sees. */
async function readProcesses(): Promise<Place[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const lines = pids.map(async (pid) => await readFile(`/proc/${pid}/cmdline`).catch(() => Buffer.alloc(0)));
  return (await Promise.all(lines)).map((content, at) => ({ name: `process ${pids[at]}`, content }));
}

/** Logs, segments of the ledger and everything else below the state's folder, but for what secrets are kept in. */
async function readState({ config: { stateDirectory } }: Stack): Promise<Place[]> {
  const places: Place[] = [];
  for (const name of await readdir(stateDirectory, { recursive: true })) {
    const path = join(stateDirectory, name);
    if (KEPT.test(name) || !(await stat(path)).isFile()) continue;
    const kind = name.startsWith('logs/') ? 'log' : name.startsWith('audit/') ? 'ledger' : 'file';
    places.push({ name: `${kind} ${name}`, content: await readFile(path) });
  }
  return places;
}
