// The workflows that do one thing: what is told to others, what is looked at again and again, and a key that its owner replaces.
import { Client as Database } from 'pg';
import { databaseUrlOf } from '../../../adapters/postgres/pool.ts';
import { scheduleId } from '../../../adapters/temporal/schedules.ts';
import { startHook, type HookAnswer } from '../registry-hook.ts';
import { openSource } from '../registry-source.ts';
import { until } from '../stack.ts';
import { startReceiver } from '../webhook-receiver.ts';
import { openStaging, STAGING, type StagingStudio } from './staging.ts';

const GOVERNANCE = 'registry: { webhook_hosts: [127.0.0.1] }\n';

type Source = Awaited<ReturnType<typeof openSource>>;

export const SHORT: Readonly<Record<string, () => Promise<void>>> = {
  short: async () => {
    const receiver = await startReceiver('shared', () => true);
    const source = await openSource();
    const env = { MODEL_REGISTRY_URL: source.url };
    const studio = await openStaging({ governance: GOVERNANCE, receiver: receiver.url, env });
    try {
      await studio.request('told_of');
      const [told = ''] = await studio.idsOf('notification');
      await studio.keep('notification', told);
      await scheduled(studio, source);
      await ownKey(studio);
      await webhooks(studio);
    } finally {
      await studio.close();
      await source.close();
      receiver.close();
    }
  },
};

async function scheduled({ config, keep, trigger }: StagingStudio, source: Source): Promise<void> {
  await keep('traffic-guard', await trigger(scheduleId('traffic-guard', STAGING)));
  await keep('access-watch', await trigger(scheduleId('access-watch', STAGING)));
  await source.serveFrom(databaseUrlOf(config));
  await source.add('from_elsewhere', 's3://elsewhere/1');
  await keep('registry-source', await trigger(scheduleId('registry-source', STAGING)));
}

/** By whoever has a login in the database that may not write identities. */
async function ownKey({ config, idsOf, keep, project }: StagingStudio): Promise<void> {
  const login = new URL(databaseUrlOf(config));
  const owner = new Database({ connectionString: login.href });
  await owner.connect();
  await owner.query(`CREATE ROLE ann_login LOGIN PASSWORD 'secret' IN ROLE mlops_cli`);
  await owner.end();
  [login.username, login.password] = ['ann_login', 'secret'];
  const env = { MLOPS_ENV: STAGING, DATABASE_URL: login.href, MLOPS_IDENTITY: 'ann' };
  const { code, stderr } = await project.mlops(['identity', 'rotate', 'ann', '--reason', 'yearly'], { env });
  if (code !== 0) throw new Error(stderr);
  const [id = ''] = await idsOf('ownKey');
  await keep('own-key', id);
}

/** Two to a receiver that is slow and then away, so that the second waits for its turn; and one whose hook is disabled. */
async function webhooks({ config, idsOf, keep }: StagingStudio): Promise<void> {
  let isThere = false;
  const answer: HookAnswer = (path) => ({
    status: path === '/slow' && isThere ? 200 : 503,
    afterMs: path === '/slow' ? 4000 : 0,
  });
  const hook = await startHook(answer);
  const call = async (path: string, body: object, method = 'POST') => {
    const response = await fetch(`http://127.0.0.1:${config.ports.api}/api/2.0/mlflow/${path}`, {
      method,
      body: JSON.stringify(body),
    });
    const said = await response.text();
    if (!response.ok) throw new Error(`${path}: ${said}`);
    return JSON.parse(said) as { webhook: { webhook_id: string } };
  };
  const add = async (name: string, entity: string): Promise<string> => {
    const events = [{ entity, action: 'CREATED' }];
    const made = await call('webhooks', { name, url: hook.urlOf(name), events, secret: 'quokka' });
    return made.webhook.webhook_id;
  };
  const idsTo = async (webhookId: string, count: number) =>
    await until(
      async () => (await idsOf('webhookDelivery')).filter((id) => id.includes(webhookId)),
      ({ length }) => length >= count,
      60_000,
    );
  try {
    const slow = await add('slow', 'MODEL_VERSION');
    const off = await add('off', 'REGISTERED_MODEL');
    await call('registered-models/create', { name: 'hooked' });
    for (const at of [1, 2]) await call('model-versions/create', { name: 'hooked', source: `s3://m/${at}` });
    const [first = '', second = ''] = await idsTo(slow, 2);
    await until(
      async () => await Promise.resolve(hook.of('slow').length),
      (count) => count > 0,
      60_000,
    );
    isThere = true;
    await keep('webhook-passes-its-turn', first);
    await keep('webhook-waits-its-turn', second);
    const [dropped = ''] = await idsTo(off, 1);
    await call(`webhooks/${off}`, { status: 'DISABLED' }, 'PATCH');
    await keep('webhook-dropped', dropped);
  } finally {
    hook.close();
  }
}
