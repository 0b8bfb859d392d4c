import { MlopsError } from '../../domain/errors.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration such as 30s, 5m or 2h in milliseconds. @throws USAGE_INVALID */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  const unit = UNITS[match?.[2] ?? ''];
  if (match === null || unit === undefined)
    throw new MlopsError('USAGE_INVALID', {
      problem: `Duration is not valid: ${text}, wanted a number with ms, s, m, h or d`,
      hint: 'For example 30s, 5m or 2h',
    });
  return Number(match[1]) * unit;
}
