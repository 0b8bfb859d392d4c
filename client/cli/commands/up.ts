import type { CommandRun } from '../command.ts';
import { renderTable } from '../render-table.ts';

/** `mlops up`: starts what is missing; in the foreground it supervises until Ctrl-C. */
export const run: CommandRun = async (context, input) => {
  if (input.dryRun) {
    const { ports } = await context.config();
    return {
      exitCode: 0,
      data: { dryRun: true, ports },
      text: `Nothing is changed. This would start postgres, temporal, gateway, api and worker, as far as they are missing, at the ports ${Object.values(ports).join(', ')}.`,
    };
  }
  const stack = await context.composition.stack();
  if (input.options['detach'] !== true) {
    await stack.runInForeground(context.say, context.signal);
    return { exitCode: 0 };
  }
  const status = await stack.start(context.say);
  const ready = status.healthy ? 'Ready.' : 'It runs, and something is wrong: see mlops doctor.';
  const rows = status.parts.map((part) => [part.name, part.state, String(part.pid ?? '-'), part.address, part.detail]);
  return {
    exitCode: 0,
    data: status,
    text: `${renderTable(['PART', 'STATE', 'PID', 'ADDRESS', 'DETAIL'], rows)}\n\n${ready} Stop it with: mlops down`,
  };
};
