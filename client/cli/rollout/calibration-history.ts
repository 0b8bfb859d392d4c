import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MlopsError } from '../../../domain/errors.ts';
import {
  assembleSeries,
  COUNT_METRICS,
  findHistoryGap,
  type CountMetric,
  type CountSeries,
  type HistoryTick,
} from '../../../domain/rollout/calibration/history.ts';
import { parseHistory } from '../../rollouts/parse-history.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { parseDuration } from '../duration.ts';
import { unreadable } from '../unreadable.ts';
import { listOption, textOption } from './options.ts';

/** A history and where it comes from, in words. */
export interface LoadedHistory {
  readonly ticks: readonly HistoryTick[];
  readonly source: string;
}

/** The history a calibration is made from: a file, or the recorded looks. @throws INPUT_UNREADABLE, HISTORY_INVALID, USAGE_INVALID */
export async function loadHistory(
  context: CommandContext,
  input: CommandInput,
  model: string,
  tickSeconds: number,
): Promise<LoadedHistory> {
  const file = textOption(input, 'input');
  if (file !== '') {
    const text = await readFile(file === '-' ? '/dev/stdin' : resolve(context.workingDirectory, file), 'utf8').catch(
      (error: unknown) => {
        throw unreadable(file, error);
      },
    );
    return { ticks: parseHistory(file, text), source: file === '-' ? 'standard input' : file };
  }
  const { environment } = await context.config();
  const since = sinceOf(textOption(input, 'since'), new Date());
  const evidence = await context.composition.evidence();
  const ticks = await evidence.history(environment, model, { tickSeconds, since, newest: null });
  return { ticks, source: `recorded looks${since === null ? '' : ` since ${since.toISOString()}`}` };
}

/** `7d`, or a point in time. @throws USAGE_INVALID */
function sinceOf(text: string, now: Date): Date | null {
  if (text === '') return null;
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? new Date(text) : new Date(now.getTime() - parseDuration(text));
  if (Number.isFinite(at.getTime())) return at;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Time is not valid: ${text}, wanted a date such as 2026-11-01 or a duration such as 7d`,
    hint: 'For example --since 7d',
  });
}

/**
 * The series of each metric that is long enough. A metric that was asked for by name must be; without one, errors must
 * be and slowness is left out when it is not.
 *
 * @throws CALIBRATION_HISTORY_SHORT, USAGE_INVALID
 */
export function chooseSeries(
  { ticks }: LoadedHistory,
  input: CommandInput,
  model: string,
): { readonly series: (readonly [CountMetric, CountSeries])[]; readonly left: string[] } {
  const asked = metricOptions(input);
  const series: (readonly [CountMetric, CountSeries])[] = [];
  const left: string[] = [];
  for (const metric of asked.length === 0 ? COUNT_METRICS : asked) {
    const one = assembleSeries(ticks, metric);
    const gap = findHistoryGap(one, metric);
    if (gap === null) series.push([metric, one]);
    else if (metric === 'errors' || asked.length > 0)
      throw new MlopsError('CALIBRATION_HISTORY_SHORT', { model, ...gap });
    else left.push(`${metric}: ${gap.value} ${gap.what}, wanted at least ${gap.wanted}`);
  }
  return { series, left };
}

function metricOptions(input: CommandInput): CountMetric[] {
  return listOption(input, 'metric').map((name) => {
    const known = COUNT_METRICS.find((metric) => metric === name);
    if (known !== undefined) return known;
    throw new MlopsError('USAGE_INVALID', {
      problem: `Metric is not known: ${name}, wanted one of ${COUNT_METRICS.join(', ')}`,
      hint: 'For example --metric errors',
    });
  });
}
