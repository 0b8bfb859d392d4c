import type { RolloutStatus, TimelineEntry } from '../../../workflows/messages.ts';
import { renderStatus } from '../../reports/rollout-status.ts';
import type { Rollouts } from '../../rollouts/rollouts.ts';
import { watchRollout } from '../../rollouts/watch-rollout.ts';
import type { CommandContext, CommandResult } from '../command.ts';
import { exitCodeOfStatus } from './exit-codes.ts';
import { paintFor } from './paint.ts';
import { statusData } from './status-data.ts';

/**
 * Shows a rollout until it ends: a tree that is redrawn on a terminal, one line per event elsewhere. Ctrl-C and
 * --timeout stop the watching only.
 */
export async function follow(context: CommandContext, rollouts: Rollouts, model: string): Promise<CommandResult> {
  const screen = context.isAnimated && context.format === 'table' ? redrawing(context) : lineByLine(context);
  let last: RolloutStatus | null = null;
  const tell = ({ message }: Error): void => context.say(`${message}; still watching`);
  for await (const status of watchRollout(rollouts, model, context.signal, tell)) {
    last = status;
    await screen(status);
  }
  if (last !== null && last.outcome !== null)
    return { exitCode: exitCodeOfStatus(last), data: statusData(last), text: renderStatus(last, paintFor(context)) };
  context.say(`The rollout goes on; watch it again with: mlops rollout watch --model ${model}`);
  const exitCode = last !== null && last.waitingFor !== null ? 6 : 5;
  if (last === null) return { exitCode, data: { model, phase: null, outcome: null, waitingFor: null }, text: '' };
  return { exitCode, data: statusData(last), text: renderStatus(last, paintFor(context)) };
}

function lineByLine(context: CommandContext): (status: RolloutStatus) => Promise<void> {
  const seen = new Set<string>();
  return async (status) => {
    for (const entry of status.timeline) {
      const line = lineOf(entry);
      if (seen.has(line)) continue;
      seen.add(line);
      if (context.format === 'jsonl') context.print(JSON.stringify(entry));
      else context.say(await context.named(line));
    }
  };
}

function lineOf(entry: TimelineEntry): string {
  const weight = entry.weightPercent === undefined ? '' : ` [${entry.weightPercent} %]`;
  return `${entry.at} ${entry.event.padEnd(14)} ${entry.detail}${weight} (${entry.actor})`;
}

/** Rewrites the block it wrote before; the last one is printed as the command's result. */
function redrawing(context: CommandContext): (status: RolloutStatus) => Promise<void> {
  let height = 0;
  return async (status) => {
    const text = status.outcome === null ? await context.named(renderStatus(status, paintFor(context))) : '';
    if (height > 0) context.rewind(height);
    height = text === '' ? 0 : text.split('\n').length;
    context.say(text);
  };
}
