// Promotions over a grid of broken telemetry. None may happen without evidence: wanted 0.
import { openJudge, type JudgeTick } from '../domain/rollout/judge.ts';
import { errorsOnly } from './support/policy.ts';
import { printTable, wholeOption } from './support/report.ts';
import { simulate } from './support/streams.ts';

const RUNS = wholeOption('runs', 50);
const TICKS = 120;
const POLICY = { ...errorsOnly(), requiredMetrics: ['errors'] as const };

const FAULTS: Readonly<Record<string, (tick: JudgeTick) => unknown>> = {
  'tick is empty': () => ({}),
  'canary is absent': ({ control }) => ({ control }),
  'control is absent': ({ canary }) => ({ canary }),
  'canary is null': ({ control }) => ({ canary: null, control }),
  'errors are absent': ({ canary, control }) => ({ canary: { requests: canary?.requests }, control }),
  'errors are NaN': ({ canary, control }) => ({ canary: { ...canary, errors: Number.NaN }, control }),
  'errors are null': ({ canary, control }) => ({ canary: { ...canary, errors: null }, control }),
  'errors are text': ({ canary, control }) => ({ canary: { ...canary, errors: '0' }, control }),
  'errors are negative': ({ canary, control }) => ({ canary: { ...canary, errors: -1 }, control }),
  'errors above requests': ({ control }) => ({ canary: { requests: 5, errors: 6 }, control }),
  'requests are infinite': ({ canary, control }) => ({ canary: { ...canary, requests: Infinity }, control }),
  'requests are absent': ({ canary, control }) => ({ canary: { errors: canary?.errors }, control }),
  'control errors are NaN': ({ canary, control }) => ({ canary, control: { ...control, errors: Number.NaN } }),
};
const PLACES: Readonly<Record<string, (tick: number) => boolean>> = {
  'every tick': () => true,
  'the last tick': (tick) => tick === TICKS - 1,
  'the last 10': (tick) => tick >= TICKS - 10,
  'more than half': (tick) => tick % 5 < 3 || tick === TICKS - 1,
  'all but one': (tick) => tick !== 60,
};

function promotions(fault: (tick: JudgeTick) => unknown, isBroken: (tick: number) => boolean): number {
  let promoted = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const judge = openJudge(POLICY);
    let number = 0;
    for (const tick of simulate({ ticks: TICKS, requestsPerTick: 6000, share: 0.5, base: 0.005 }, `fault/${run}`)) {
      judge.take((isBroken(number) ? fault(tick) : tick) as JudgeTick);
      // A tick that is broken promotes nothing, whatever was known before.
      if (isBroken(number) && judge.decision().decision === 'promote') promoted += 1;
      number += 1;
    }
    if (judge.decision().decision === 'promote') promoted += 1;
  }
  return promoted;
}

let total = 0;
const rows = Object.entries(FAULTS).map(([name, fault]) => [
  name,
  ...Object.values(PLACES).map((isBroken) => {
    const count = promotions(fault, isBroken);
    total += count;
    return String(count);
  }),
]);
printTable(`Promotions of ${RUNS} healthy streams with broken telemetry`, ['fault', ...Object.keys(PLACES)], rows);

const silent = openJudge(POLICY);
for (let tick = 0; tick < 1000; tick += 1)
  silent.take({ canary: { requests: 0, errors: 0 }, control: { requests: 0, errors: 0 } });
console.log(`\nwithout any request, 1000 looks: ${silent.decision().decision}`);
if (silent.decision().decision === 'promote') total += 1;
console.log(`promotions without evidence: ${total}, wanted 0`);
process.exitCode = total === 0 ? 0 : 1;
