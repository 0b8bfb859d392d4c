import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../config/load.ts';
import { writeCalibration } from '../../../config/write-calibration.ts';
import { assembleJudgePolicy, noiseSettingOf } from '../../../client/rollouts/judge-policy.ts';
import { NOISE_ASSUMPTIONS } from '../../../domain/rollout/judge/noise.ts';

const FITTED = { fitted_at: '2026-11-01T00:00:00.000Z', ticks: 5000, source: 'recorded looks' };
const TALL = NOISE_ASSUMPTIONS['tall-bursts']!;

function projectWith(text: string | null): string {
  const root = mkdtempSync(join(tmpdir(), 'mlops-write-'));
  mkdirSync(join(root, 'config'));
  if (text !== null) writeFileSync(join(root, 'config/deployment.yaml'), text);
  return root;
}

const load = (root: string) => loadConfig({ env: {}, workingDirectory: root });

describe('writeCalibration()', () => {
  it('leaves comments, order and other models as they are, and an `armed` that a person wrote', () => {
    const before = [
      '# How we roll out.',
      'canary: # the course',
      '  ramp_step: 5.0 # slowly',
      'models:',
      '  other: { noise: quiet }',
      '  rag_api:',
      '    calibration: { armed: false } # Ada, 3 November',
      'health: { path: /live }',
      '',
    ].join('\n');
    const root = projectWith(before);
    const file = writeCalibration(root, { model: 'rag_api', noise: TALL, calibration: FITTED });
    const text = readFileSync(file, 'utf8');
    for (const line of before.split('\n').filter((one) => !one.includes('armed'))) expect(text).toContain(line);
    const { config, origins } = load(root);
    expect(noiseSettingOf(config, 'rag_api')).toEqual({
      assumption: 'fitted',
      calibration: { armed: false, fittedAt: FITTED.fitted_at, ticks: 5000, source: 'recorded looks' },
    });
    expect(assembleJudgePolicy(config, 60, 'rag_api').noise).toEqual(TALL);
    expect(noiseSettingOf(config, 'other')).toEqual({ assumption: 'quiet', calibration: null });
    const ticks = origins.find(({ path }) => path === 'deployment.models.rag_api.calibration.ticks');
    expect(ticks?.origin).toMatch(/^config\/deployment\.yaml:\d+$/);
  });

  it.each([null, '', 'models: {}\n', '# nothing but this\n'])('writes into %j as blocks', (text) => {
    const root = projectWith(text);
    const file = writeCalibration(root, { model: 'rag.api-v2', noise: 'quiet', calibration: FITTED });
    expect(readFileSync(file, 'utf8')).toContain('models:\n  rag.api-v2:\n    noise: quiet\n    calibration:\n');
    const { config } = load(root);
    expect(assembleJudgePolicy(config, 60, 'rag.api-v2').noise).toEqual(NOISE_ASSUMPTIONS['quiet']);
    expect(assembleJudgePolicy(config, 60, 'another').noise).toEqual(NOISE_ASSUMPTIONS['default']);
  });

  it('of an assumption that is not known is refused when it is read', () => {
    const root = projectWith('models: { rag_api: { noise: loud } }\n');
    expect(() => load(root)).toThrow('models.rag_api.noise: loud, wanted one of default, quiet');
  });
});
