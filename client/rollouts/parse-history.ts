import { z } from 'zod';
import { MlopsError } from '../../domain/errors.ts';
import { historyOfPairs, type HistoryTick } from '../../domain/rollout/calibration/history.ts';

const count = z.number().int().min(0);
const ARM = z.object({ requests: count, errors: count, slow: count.exactOptional() });
const STREAM = z.object({ ticks: z.array(z.object({ canary: ARM, control: ARM })).min(1) });

/**
 * Reads a history of one version: one tick per line, or streams of an A/A run as `mlops rollout replay` takes them, in
 * which both arms are that version.
 *
 * @throws HISTORY_INVALID naming the line
 */
export function parseHistory(file: string, text: string): HistoryTick[] {
  const ticks: HistoryTick[] = [];
  const streams: HistoryTick[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const value = parseJson(line);
    const [tick, stream] = [ARM.safeParse(value), STREAM.safeParse(value)];
    if (tick.success) ticks.push(tick.data);
    else if (stream.success) streams.push(...historyOfPairs(stream.data.ticks, `stream ${i}`));
    else throw invalid(file, i + 1, 'it is neither a tick nor a stream of both arms');
  }
  if (ticks.length > 0 && streams.length > 0) throw invalid(file, 1, 'ticks and streams are mixed, wanted one of them');
  return streams.length > 0 ? streams : ticks;
}

function invalid(file: string, line: number, problem: string): MlopsError {
  return new MlopsError('HISTORY_INVALID', { file, line, problem });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
