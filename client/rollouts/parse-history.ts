import { z } from 'zod';
import { MlopsError } from '../../domain/errors.ts';
import { assembleTrials, SHORTEST_HISTORY, type HistoryTick } from '../../domain/rollout/calibration.ts';
import type { JudgeTick } from '../../domain/rollout/judge.ts';

const count = z.number().min(0);
const ARM = z.object({ requests: count, errors: count });
const STREAM = z.object({ ticks: z.array(z.object({ canary: ARM, control: ARM })).min(1) });

/**
 * Reads a history as trials in which both arms are the same version: one tick of the stable version per line, or streams
 * of an A/A run as `mlops rollout replay` takes them.
 *
 * @throws HISTORY_INVALID naming the line; CALIBRATION_HISTORY_SHORT
 */
export function parseHistory(file: string, text: string, model: string): JudgeTick[][] {
  const ticks: HistoryTick[] = [];
  const streams: JudgeTick[][] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const value = parseJson(line);
    const [tick, stream] = [ARM.safeParse(value), STREAM.safeParse(value)];
    if (tick.success) ticks.push(tick.data);
    else if (stream.success) streams.push(stream.data.ticks);
    else throw invalid(file, i + 1, 'it is neither a tick nor a stream of both arms');
  }
  if (ticks.length > 0 && streams.length > 0) throw invalid(file, 1, 'ticks and streams are mixed, wanted one of them');
  return streams.length > 0 ? assertLongStreams(streams, model) : trialsOf(ticks, model);
}

/** Trials of a history of one version. @throws CALIBRATION_HISTORY_SHORT */
export function trialsOf(history: readonly HistoryTick[], model: string): JudgeTick[][] {
  assertLong(history.length, model);
  return assembleTrials(history);
}

function assertLongStreams(streams: JudgeTick[][], model: string): JudgeTick[][] {
  const ticks = streams.reduce((sum, stream) => sum + stream.length, 0);
  assertLong(ticks, model);
  return streams;
}

function assertLong(ticks: number, model: string): void {
  if (ticks < SHORTEST_HISTORY)
    throw new MlopsError('CALIBRATION_HISTORY_SHORT', { model, ticks, wanted: SHORTEST_HISTORY });
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
