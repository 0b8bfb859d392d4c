import type { CommandRun } from '../command.ts';

/** `mlops gateway`: runs it in the foreground until it is told to stop. */
export const run: CommandRun = async (context) => {
  await context.composition.runPart('gateway');
  return { exitCode: 0 };
};
