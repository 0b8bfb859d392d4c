// A worker killed at the start of every activity of a rollout and after every call an activity makes: `node bench/kill-grid.ts`.
// Two rollouts (one promoted, one rolled back) without faults, then the same two under the grid; what must be equal is printed.
import { createProject } from '../test/support/stack.ts';
import { keepDyingWorkers } from '../test/support/kill-grid.ts';
import { readStory, type Story } from '../test/support/story.ts';
import { startArguments } from '../test/support/rollouts.ts';
import { startTraffic } from '../test/support/traffic.ts';
import { printTable } from './support/report.ts';
import { SHORT_STEPS } from './support/rollouts.ts';

const OFFSET = 17_000;
const project = await createProject(OFFSET, SHORT_STEPS);
try {
  await project.mlops(['up', '--detach']);
  const endpoints = {
    '1.0.0': await project.startService('1.0.0'),
    '1.1.0': await project.startService('1.1.0'),
    '1.2.0': await project.startService('1.2.0', 0.3),
  };
  const models = ['calm', 'killed'];
  const traffic = models.map((model) => startTraffic({ url: project.gateway, model, perSecond: 100 }));
  const calm = await both('calm', endpoints);
  const workers = await keepDyingWorkers(project, OFFSET, /./);
  const killed = await both('killed', endpoints);
  const deaths = await workers.deaths();
  await workers.stop();
  await Promise.all(traffic.map(async (one) => await one.stop()));
  printTable(
    'Where a worker died',
    ['moment'],
    deaths.map((moment) => [moment]),
  );
  const rows = killed.map((story, i) => [
    String(story.outcome),
    story.weights.join(' '),
    equal(story.outcome, calm[i]?.outcome),
    equal(story.weights, calm[i]?.weights),
    equal(story.events, calm[i]?.events),
  ]);
  printTable(
    `The same rollouts without faults and with ${deaths.length} kills`,
    ['outcome', 'weights', 'same outcome', 'same weights', 'same events'],
    rows,
  );
  for (const [i, story] of killed.entries())
    if (equal(story.events, calm[i]?.events) === 'NO')
      console.error(
        `${story.outcome}, events without kills: ${calm[i]?.events.join(' ')}\nwith kills: ${story.events.join(' ')}`,
      );
  // The last is ended by this program.
  const ends = workers.ends.slice(0, -1);
  const bySignal = ends.filter((end) => end === 'SIGKILL').length;
  console.log(`${bySignal} workers ended by SIGKILL, ${ends.length - bySignal} otherwise`);
  process.exitCode = rows.flat().includes('NO') ? 1 : 0;
} finally {
  await project.remove();
}

async function both(model: string, endpoints: Record<string, string>): Promise<Story[]> {
  const stories: Story[] = [];
  for (const to of ['1.1.0', '1.2.0']) {
    const from = to === '1.1.0' ? ['--from', '1.0.0'] : [];
    const run = await project.mlops(startArguments(model, to, endpoints, ...from, '--timeout', '20m'));
    console.error(`${model} → ${to}: exit ${run.code}`);
    stories.push(await readStory(project, OFFSET, model));
  }
  return stories;
}

function equal(a: unknown, b: unknown): string {
  return JSON.stringify(a) === JSON.stringify(b) ? 'yes' : 'NO';
}
