// Random SIGKILLs of workers under rollouts: `node bench/chaos.ts --kills 1000 --models 4 --workers 3`.
// Lost: a rollout that did not end as the run without faults does. Doubled, reordered: weights as the gateway saw them.
// Resumed: a rollout that ended as planned in the run it began in, with more than one worker in its history.
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../client/index.ts';
import { createProject } from '../test/support/stack.ts';
import { identitiesOf, readHistory } from '../test/support/history.ts';
import { readWrites, runningPid } from '../test/support/rollouts.ts';
import { startTraffic } from '../test/support/traffic.ts';
import { printTable, wholeOption } from './support/report.ts';
import { SHORT_STEPS } from './support/rollouts.ts';
import { hireWorkers } from './support/worker-crew.ts';

const KILLS = wholeOption('kills', 20);
const MODELS = wholeOption('models', 4);
const WORKERS = wholeOption('workers', 3);
const OFFSET = 19_000;
/** Between two kills: 0.5 to 3 seconds. */
const LEAST_PAUSE_MS = 500;
const PAUSE_RANGE_MS = 2500;
const PLAN = [0, 1000, 3000, 6000, 10_000, 0];
const seen = { kills: 0, rollouts: 0, resumed: 0, lost: 0, doubled: 0, reordered: 0 };

const project = await createProject(OFFSET, SHORT_STEPS);
const up = await project.mlops(['up', '--detach']);
if (up.code !== 0) throw new Error(up.stderr);
const endpoints = { '1.0.0': await project.startService('1.0.0'), '1.1.0': await project.startService('1.1.0') };
// The bench replaces workers itself: a supervisor would wait longer and longer before it starts one again.
for (const part of ['supervisor', 'worker']) process.kill(await runningPid(project, part), 'SIGKILL');
const crew = await hireWorkers(project.root, OFFSET, WORKERS);
const mlops = connect({ workingDirectory: project.root, env: { MLOPS_PORT_OFFSET: String(OFFSET) } });
try {
  const models = Array.from({ length: MODELS }, (_, i) => `model_${i}`);
  const traffic = models.map((model) => startTraffic({ url: project.gateway, model, perSecond: 60 }));
  const rolling = Promise.all(models.map(rollOutAgainAndAgain));
  const failure = rolling.then(
    () => null,
    (error: unknown) => error,
  );
  while (seen.kills < KILLS) {
    await sleep(LEAST_PAUSE_MS + Math.random() * PAUSE_RANGE_MS);
    await crew.killOne();
    seen.kills += 1;
    if (seen.kills % 20 === 0) console.error(`${seen.kills} kills, ${seen.rollouts} rollouts, ${seen.lost} lost`);
  }
  const problem = await failure;
  if (problem !== null) throw problem;
  await Promise.all(traffic.map(async (one) => await one.stop()));
  const answers = traffic.flatMap(({ seen: { status } }) => Object.entries(status));
  const sum = (counts: [string, number][]): number => counts.reduce((total, [, count]) => total + count, 0);
  const failed = answers.filter(([code]) => Number(code) === 0 || Number(code) >= 500);
  printTable(
    `Random SIGKILLs of one of ${WORKERS} workers, ${MODELS} rollouts open at a time`,
    ['kills', 'rollouts', 'resumed', 'lost', 'doubled', 'reordered', 'requests', 'requests failed'],
    [[...Object.values(seen), sum(answers), sum(failed)].map(String)],
  );
  process.exitCode = seen.lost + seen.doubled + seen.reordered === 0 ? 0 : 1;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  crew.dismiss();
  await mlops.close();
  await project.remove();
}

/** One version after the other, back and forth, until there were kills enough. */
async function rollOutAgainAndAgain(model: string): Promise<void> {
  let [from, to] = ['1.0.0', '1.1.0'];
  let known = 0;
  while (seen.kills < KILLS) {
    const order = { model, fromVersion: from, toVersion: to, profile: 'default', endpoints, gates: [] };
    const { rolloutId, runId } = await mlops.rollouts.start({ ...order, actor: 'bench', reason: 'kills' });
    const result = await mlops.rollouts.result(model);
    const writes = await readWrites(project, OFFSET, model);
    judgeWrites(writes.slice(known));
    known = writes.length;
    seen.rollouts += 1;
    if (result?.outcome === 'promoted') {
      const workers = identitiesOf(await readHistory(project.root, OFFSET, rolloutId, runId));
      if (workers.length > 1) seen.resumed += 1;
      [from, to] = [to, from];
    } else {
      seen.lost += 1;
      console.error(`lost: ${model} ${from} → ${to}: ${result?.outcome} ${result?.reason} ${result?.detail}`);
    }
  }
}

/** The weights of one rollout must be the plan's, in order, each with a generation of its own. */
function judgeWrites(writes: Awaited<ReturnType<typeof readWrites>>): void {
  const weights = writes.map(({ split }) => split.canaryBasisPoints);
  // A first rollout begins with the split of its start.
  const isFirst = writes[0]?.idempotencyKey.endsWith('/first') === true;
  const wanted = isFirst ? [0, ...PLAN] : PLAN;
  if (new Set(writes.map(({ idempotencyKey }) => idempotencyKey)).size !== writes.length) seen.doubled += 1;
  else if (weights.length > wanted.length) seen.doubled += 1;
  else if (JSON.stringify(weights) !== JSON.stringify(wanted)) seen.reordered += 1;
}
