// False rollbacks of a healthy canary, over the grid of the judge's promise. `--runs N` sets the streams per cell.
import { carryBudget } from '../domain/rollout/error-budget.ts';
import { createJudgeState, openJudge } from '../domain/rollout/judge.ts';
import { rollbackTick } from '../domain/rollout/calibration/rollback-tick.ts';
import { errorsOnly } from './support/policy.ts';
import { printTable, renderShare, wholeOption } from './support/report.ts';
import { simulate, type World } from './support/streams.ts';

const RUNS = wholeOption('runs', 2000);
const RAMP = (tick: number): number => [0.05, 0.1, 0.25, 0.5][Math.min(3, Math.floor(tick / 15))] ?? 0.5;
const BURSTS = { factor: 3, meanTicks: 5, share: 0.13 };
let worst = 0;

function measure(name: string, world: World, noise: 'default' | 'quiet' = 'default', runs = RUNS): string {
  let hits = 0;
  for (let run = 0; run < runs; run += 1)
    if (Number.isFinite(rollbackTick(errorsOnly(noise), simulate(world, `${name}/${run}`)))) hits += 1;
  if (noise === 'default') worst = Math.max(worst, hits / runs);
  return renderShare(hits, runs);
}

const VOLUMES = [10, 60, 600, 6000];
const BASES = [0.001, 0.005, 0.05];

for (const [ticks, runs] of [
  [60, RUNS],
  [1000, Math.ceil(RUNS / 2)],
] as const)
  printTable(
    `Independent errors, ${ticks} looks, share 50 %, ${runs} streams a cell`,
    ['requests a tick', ...BASES.map((base) => `base ${100 * base} %`)],
    VOLUMES.map((volume) => [
      String(volume),
      ...BASES.map((base) =>
        measure(`i/${ticks}/${volume}/${base}`, { ticks, requestsPerTick: volume, share: 0.5, base }, 'default', runs),
      ),
    ]),
  );

printTable(
  `Ramp 5/10/25/50 %, 15 looks each, ${RUNS} streams a cell`,
  ['requests a tick', 'flat 0.5 %', 'rising 0.5 → 1.5 %', 'falling 1.5 → 0.5 %'],
  [60, 600, 6000].map((volume) => [
    String(volume),
    ...[() => 0.005, (t: number) => 0.005 + (0.01 * t) / 60, (t: number) => 0.015 - (0.01 * t) / 60].map((base, i) =>
      measure(`r/${volume}/${i}`, { ticks: 60, requestsPerTick: volume, share: RAMP, base }),
    ),
  ]),
);

printTable(
  `Noise, 60 looks, base 0.5 %, share 50 %, ${RUNS} streams a cell`,
  ['requests a tick', 'CV 0.3', 'CV 0.6', 'CV 0.3 and x3 bursts of 5 looks', 'the same, 1000 looks'],
  [60, 200, 600, 6000].map((volume) => {
    const world = { ticks: 60, requestsPerTick: volume, share: 0.5, base: 0.005 };
    return [
      String(volume),
      measure(`n3/${volume}`, { ...world, fastCv: 0.3 }),
      measure(`n6/${volume}`, { ...world, fastCv: 0.6 }),
      measure(`b/${volume}`, { ...world, fastCv: 0.3, bursts: BURSTS }),
      measure(`b1000/${volume}`, { ...world, ticks: 1000, fastCv: 0.3, bursts: BURSTS }),
    ];
  }),
);

printTable(
  `A service that is quiet, judged with the assumption \`quiet\`: 60 looks, base 0.5 %, ${RUNS} streams a cell`,
  ['requests a tick', 'independent', 'CV 0.3'],
  [60, 600, 6000].map((volume) => {
    const world = { ticks: 60, requestsPerTick: volume, share: 0.5, base: 0.005 };
    return [
      String(volume),
      measure(`q/${volume}`, world, 'quiet'),
      measure(`q3/${volume}`, { ...world, fastCv: 0.3 }, 'quiet'),
    ];
  }),
);

/** Attempts of one release until one is rolled back; each goes on with what is left of the budget, or begins anew. */
function attempts(name: string, world: World, count: number, carries: boolean): string {
  const policy = errorsOnly();
  let hits = 0;
  for (let run = 0; run < RUNS; run += 1) {
    let carriedWealth = 1;
    for (let attempt = 0; attempt < count; attempt += 1) {
      const judge = openJudge(policy, createJudgeState({ carriedWealth }));
      for (const tick of simulate(world, `${name}/${run}/${attempt}`)) judge.take(tick);
      const { decision, metric, wealth } = judge.verdict();
      if (decision === 'rollback') {
        hits += 1;
        break;
      }
      const left = carryBudget({ rolloutKey: name, decision, metric, wealth }, policy.errorBudget);
      carriedWealth = carries ? (left?.carriedWealth ?? 1) : 1;
    }
  }
  if (carries) worst = Math.max(worst, hits / RUNS);
  return renderShare(hits, RUNS);
}

printTable(
  `Three attempts of one release, 60 looks each, base 0.5 %, share 50 %, CV 0.3 and x3 bursts of 5 looks: ever rolled back, ${RUNS} releases a cell`,
  ['requests a tick', 'one budget for all', 'a budget each (not done)'],
  [60, 200, 600, 6000].map((volume) => {
    const world = { ticks: 60, requestsPerTick: volume, share: 0.5, base: 0.005, fastCv: 0.3, bursts: BURSTS };
    return [String(volume), ...[true, false].map((carries) => attempts(`a/${volume}`, world, 3, carries))];
  }),
);

console.log(`\nworst cell under the default assumption: ${(100 * worst).toFixed(1)} %, wanted at most 5 %`);
