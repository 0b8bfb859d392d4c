import { MlopsError } from '../../../domain/errors.ts';
import type { CommandRun } from '../command.ts';

/** `mlops clean`: stops the stack and removes its state, after asking; never in production (contract §2). */
export const run: CommandRun = async (context, input) => {
  const { stateDirectory, environment } = await context.config();
  if (environment === 'production')
    throw new MlopsError('CLEAN_REFUSED', {
      problem: `MLOPS_ENV is production, and ${stateDirectory} holds its evidence; wanted another environment`,
      hint: 'Stop the stack with `mlops down`; what must really go is removed by hand',
    });
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, wouldRemove: stateDirectory },
      text: `Nothing is changed. This would stop the stack and remove ${stateDirectory}.`,
    };
  const agreed = await context.confirm(`Stop the stack and remove ${stateDirectory} with everything in it?`);
  if (!agreed)
    throw new MlopsError('CLEAN_REFUSED', { problem: 'it was not confirmed', hint: 'Answer with y, or pass --yes' });
  await (await context.composition.stack()).clean(context.say);
  return { exitCode: 0, data: { removed: stateDirectory }, text: `Clean: ${stateDirectory} is removed.` };
};
