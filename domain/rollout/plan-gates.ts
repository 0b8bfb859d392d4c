import type { PlanSettings } from './plan.ts';

/** The same settings with more gates; whoever asks for one gets it, also where a step says `gate: false`. */
export function withGates(settings: PlanSettings, gates: readonly number[]): PlanSettings {
  const steps = settings.steps?.map((step) =>
    'weight' in step && gates.includes(step.weight) ? { ...step, gate: true } : step,
  );
  return { ...settings, manualGates: [...new Set([...settings.manualGates, ...gates])], steps: steps ?? null };
}
