import type { CommandRun } from '../command.ts';

/** `mlops down`: stops the stack in order. */
export const run: CommandRun = async (context, input) => {
  const stack = await context.composition.stack();
  if (input.dryRun) {
    const running = (await stack.status()).parts.filter(({ pid }) => pid !== null).map(({ name }) => name);
    const what = running.length === 0 ? 'nothing: nothing is running' : running.join(', ');
    return {
      exitCode: 0,
      data: { dryRun: true, wouldStop: running },
      text: `Nothing is changed. This would stop ${what}.`,
    };
  }
  const stopped = await stack.stop(context.say);
  return {
    exitCode: 0,
    data: { stopped },
    text:
      stopped.length === 0
        ? 'Nothing was running.'
        : `Stopped: ${stopped.join(', ')}. Start again with: mlops up --detach`,
  };
};
