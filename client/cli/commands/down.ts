import type { CommandRun } from '../command.ts';

/** `mlops down`: stops the stack in order. */
export const run: CommandRun = async (context, input) => {
  if (input.dryRun)
    return {
      exitCode: 0,
      text: 'Nothing is changed. This would stop worker, api, gateway, temporal and postgres, in this order.',
    };
  const stopped = await (await context.composition.stack()).stop(context.say);
  return {
    exitCode: 0,
    data: { stopped },
    text:
      stopped.length === 0
        ? 'Nothing was running.'
        : `Stopped: ${stopped.join(', ')}. Start again with: mlops up --detach`,
  };
};
