import { expect, it } from 'vitest';
import { createCpuGauge } from '../../../examples/rag-service/cpu-gauge.ts';

it('is the use of cores over about a minute, and nothing before five seconds', () => {
  let at = 0;
  let used = 0;
  const pass = (ms: number, cores: number): void => {
    at += ms;
    used += ms * cores;
  };
  const gauge = createCpuGauge(
    () => at,
    () => used,
  );
  pass(4000, 1);
  expect(gauge()).toBeNull();
  pass(4000, 0);
  expect(gauge()).toBeCloseTo(0.5);
  for (let i = 0; i < 20; i += 1) {
    pass(10_000, 0.25);
    gauge();
  }
  expect(gauge(), 'what was long ago is forgotten').toBeCloseTo(0.25);
});
