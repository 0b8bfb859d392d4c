import { MlopsError } from '../../../domain/errors.ts';
import { COUNT_METRICS, type CountMetric } from '../../../domain/rollout/calibration/history.ts';
import type { CommandInput } from '../command.ts';
import { parseDuration } from '../duration.ts';
import { listOption, textOption } from './options.ts';

/** `--since`: `7d`, or a point in time; null when it was not given. @throws USAGE_INVALID */
export function sinceOption(input: CommandInput, now: Date): Date | null {
  const text = textOption(input, 'since');
  if (text === '') return null;
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? new Date(text) : new Date(now.getTime() - parseDuration(text));
  if (Number.isFinite(at.getTime())) return at;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Time is not valid: ${text}, wanted a date such as 2026-11-01 or a duration such as 7d`,
    hint: 'For example --since 7d',
  });
}

/** Repeatable `--metric`. @throws USAGE_INVALID */
export function metricOptions(input: CommandInput): CountMetric[] {
  return listOption(input, 'metric').map((name) => {
    const known = COUNT_METRICS.find((metric) => metric === name);
    if (known !== undefined) return known;
    throw new MlopsError('USAGE_INVALID', {
      problem: `Metric is not known: ${name}, wanted one of ${COUNT_METRICS.join(', ')}`,
      hint: 'For example --metric errors',
    });
  });
}
