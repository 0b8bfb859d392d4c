// Random kills of the worker under rollouts: `node bench/chaos.ts --kills 50`. Every kill is a SIGKILL at a random moment.
// Lost: a rollout that did not end as the run without faults does. Doubled, reordered: weights as the gateway saw them.
import { setTimeout as sleep } from 'node:timers/promises';
import { createProject, type Run } from '../test/support/stack.ts';
import { startTraffic } from '../test/support/traffic.ts';
import { printTable, wholeOption } from './support/report.ts';
import { pidFromFile, readWrites, startArguments } from '../test/support/rollouts.ts';
import { SHORT_STEPS } from './support/rollouts.ts';

const KILLS = wholeOption('kills', 20);
const OFFSET = 19_000;
const PLAN = [0, 1000, 3000, 6000, 10_000, 0];
const seen = { kills: 0, rollouts: 0, resumed: 0, lost: 0, doubled: 0, reordered: 0 };

/** The version that is live, as the next rollout finds it. */
let live = '1.0.0';

const project = await createProject(OFFSET, SHORT_STEPS);
try {
  await project.mlops(['up', '--detach']);
  const endpoints = { '1.0.0': await project.startService('1.0.0'), '1.1.0': await project.startService('1.1.0') };
  const traffic = startTraffic({ url: project.gateway, model: 'rag_api', perSecond: 150 });
  while (seen.kills < KILLS) {
    const to = live === '1.0.0' ? '1.1.0' : '1.0.0';
    await oneRollout(to, endpoints, seen.rollouts === 0 ? ['--from', '1.0.0'] : []);
    console.error(`${seen.kills} kills, ${seen.rollouts} rollouts, ${seen.lost} lost`);
  }
  await traffic.stop();
  const failed = Object.entries(traffic.seen.status).filter(([code]) => Number(code) === 0 || Number(code) >= 500);
  printTable(
    `Random SIGKILLs of the worker`,
    ['kills', 'rollouts', 'resumed', 'lost', 'doubled', 'reordered', 'requests', 'requests failed'],
    [
      [
        ...Object.values(seen),
        Object.values(traffic.seen.status).reduce((sum, count) => sum + count, 0),
        failed.reduce((sum, [, count]) => sum + count, 0),
      ].map(String),
    ],
  );
  process.exitCode = seen.lost + seen.doubled + seen.reordered === 0 ? 0 : 1;
} finally {
  await project.remove();
}

async function oneRollout(to: string, endpoints: Record<string, string>, more: string[]): Promise<void> {
  const before = (await readWrites(project, OFFSET, 'rag_api')).length;
  const state: { ended: Run | null } = { ended: null };
  let killed = 0;
  const run = project
    .mlops([...startArguments('rag_api', to, endpoints), ...more, '--timeout', '5m'])
    .then((result) => (state.ended = result));
  while (state.ended === null && seen.kills < KILLS) {
    // A worker that never lives long enough to poll would only measure the supervisor's back-off.
    await waitForWorker(() => state.ended !== null);
    await sleep(Math.random() * 8000);
    const pid = await pidFromFile(project, 'worker');
    if (pid === null || state.ended !== null || !tryKill(pid)) continue;
    killed += 1;
    seen.kills += 1;
  }
  const { code, stdout, stderr } = await run;
  seen.rollouts += 1;
  if (code !== 0) {
    seen.lost += 1;
    console.error(`lost, exit ${code}:\n${stderr}\n${stdout}`);
  } else live = to;
  if (code === 0 && killed > 0) seen.resumed += 1;
  judgeWrites((await readWrites(project, OFFSET, 'rag_api')).slice(before));
}

/** The weights of one rollout must be the plan's, in order, each with a generation of its own. */
function judgeWrites(writes: Awaited<ReturnType<typeof readWrites>>): void {
  const weights = writes.map(({ split }) => split.canaryBasisPoints);
  // A first rollout begins with the split of its start.
  const wanted = weights[0] === 0 ? PLAN : PLAN.slice(1);
  if (new Set(writes.map(({ idempotencyKey }) => idempotencyKey)).size !== writes.length) seen.doubled += 1;
  else if (weights.length > wanted.length) seen.doubled += 1;
  else if (JSON.stringify(weights) !== JSON.stringify(wanted)) seen.reordered += 1;
}

/** Until a worker polls, or nobody needs one any more. */
async function waitForWorker(isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const { stdout } = await project.mlops(['status', '-o', 'json']);
    const { parts } = JSON.parse(stdout) as { parts: { name: string; state: string }[] };
    if (parts.some(({ name, state }) => name === 'worker' && state === 'up')) return;
    await sleep(500);
  }
}

function tryKill(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}
