import type { CommandRun } from '../command.ts';

/** `mlops worker`: runs it in the foreground until it is told to stop. */
export const run: CommandRun = async (context) => {
  await context.composition.runPart('worker');
  return { exitCode: 0 };
};
