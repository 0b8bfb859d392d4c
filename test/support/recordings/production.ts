// A rollout in production, where everything is signed, versions are registered, and two others approve a gate.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RolloutStatus } from '../../../workflows/messages.ts';
import { until } from '../stack.ts';
import { startTraffic } from '../traffic.ts';
import { BRISK_CANARY, BRISK_JUDGE, openStudio, type Studio } from './studio.ts';

const DEPLOYMENT = `${BRISK_CANARY}
  steps: [{ weight: 20, window_minutes: 0.03, gate: true }]
${BRISK_JUDGE}
`;
const MODEL = 'rag_api';
const ENV = { MLOPS_ENV: 'production' };
const APPROVERS = ['anna', 'aldo', 'arno'];
const PEOPLE = [
  ['olga', 'operator'],
  ['emil', 'engineer'],
  ...APPROVERS.map((name) => [name, 'approver'] as const),
] as const;

export const PRODUCTION: Readonly<Record<string, () => Promise<void>>> = {
  production: async () => {
    const studio = await openStudio({ deployment: DEPLOYMENT, env: ENV });
    const { as, keep, project } = studio;
    const traffic = startTraffic({ url: project.gateway, model: MODEL, perSecond: 150 });
    try {
      for (const [name, role] of PEOPLE) await as(null, 'identity', 'create', name, '--role', role);
      for (const version of ['1.0.0', '1.1.0']) await intoProduction(studio, version);
      await as('olga', ...`rollout start --model ${MODEL} --from 1.0.0 --to 1.1.0 --detach`.split(' '));
      const approvalId = await gateOf(studio);
      await approve(studio, approvalId);
      await keep('promoted-in-production', `rollout/production/${MODEL}`);
      await keep('approval-of-a-gate', `approval/${approvalId}`);
    } finally {
      await traffic.stop();
      await studio.close();
    }
  },
};

/** No users are anywhere yet, so that it needs no rollout. */
async function intoProduction(studio: Studio, version: string): Promise<void> {
  const { as, project } = studio;
  const file = join(project.root, 'index.bin');
  await writeFile(file, `index of ${version}`);
  const typed = `--type retriever --metadata index_embedding=none --index-version words-1 --artifact ${file}`;
  await as('emil', ...`model register ${MODEL} ${version} ${typed}`.split(' '));
  await as('olga', 'model', 'endpoint', MODEL, version, await project.startService(version));
  await as('emil', 'model', 'promote', MODEL, version);
  const { stdout } = await as('emil', 'model', 'promote', MODEL, version, '-o', 'json');
  const { awaiting } = JSON.parse(stdout) as { awaiting: { approvalId: string } };
  await approve(studio, awaiting.approvalId);
  await studio.client.workflow.getHandle(`approval/${awaiting.approvalId}`).result();
}

/** Who comes after the last that was needed is refused. */
async function approve({ project }: Studio, approvalId: string): Promise<void> {
  for (const name of APPROVERS)
    await project.mlops(['approval', 'approve', approvalId], { env: { ...ENV, MLOPS_IDENTITY: name } });
}

async function gateOf({ project }: Studio): Promise<string> {
  const look = async () => {
    const asked = ['rollout', 'status', '--model', MODEL, '-o', 'json'];
    const { stdout } = await project.mlops(asked, { env: { ...ENV, MLOPS_IDENTITY: 'olga' } });
    return JSON.parse(stdout === '' ? '{}' : stdout) as Partial<RolloutStatus>;
  };
  const { requests = [] } = await until(look, (status) => (status.requests ?? []).length > 0, 60_000);
  return requests[0]?.approvalId ?? '';
}
