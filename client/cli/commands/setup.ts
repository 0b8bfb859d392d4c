import type { CommandRun } from '../command.ts';

/** `mlops setup`: makes what the local stack needs; harmless when repeated. */
export const run: CommandRun = async (context, input) => {
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, wouldMake: ['state folders', 'keys', 'Temporal server program', 'database'] },
      text: 'Nothing is changed. This would make state folders, keys, the Temporal server program and the database.',
    };
  const done = await (
    await context.composition.stack()
  ).setup(context.say, {
    databaseRoles: input.options['databaseRoles'] === true,
  });
  return { exitCode: 0, data: { done }, text: done.join('\n') };
};
