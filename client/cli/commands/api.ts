import type { CommandRun } from '../command.ts';

/** `mlops api`: runs it in the foreground until it is told to stop. */
export const run: CommandRun = async (context) => {
  await context.composition.runPart('api');
  return { exitCode: 0 };
};
