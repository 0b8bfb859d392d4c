import { isLegal, legalInWords } from '../../../../domain/registry/stages.ts';
import { MlopsError } from '../../../../domain/errors.ts';
import type { CommandRun } from '../../command.ts';
import { resultOfStage } from '../../model/outcome.ts';
import { textOption } from '../../rollout/options.ts';

const TARGETS = { development: 'development', staging: 'staging', deprecated: 'deprecated' } as const;

/** `mlops model demote`: one stage back, or out of new use. */
export const run: CommandRun = async (context, input) => {
  const [model = '', asked = ''] = input.args;
  const registry = await context.composition.registry();
  const { environment, registration, stage } = await registry.version({ model, version: asked });
  const { version } = registration;
  const to = TARGETS[textOption(input, 'to', stage === 'staging' ? 'development' : 'staging') as keyof typeof TARGETS];
  if (input.dryRun) {
    if (!isLegal('demote', stage, to) && stage !== to)
      throw new MlopsError('TRANSITION_ILLEGAL', {
        model,
        version,
        from: stage,
        to,
        legal: legalInWords('demote', stage),
      });
    return {
      exitCode: 0,
      data: { dryRun: true, model, version, from: stage, to },
      text: `Nothing is changed. This would move ${model} ${version} from ${stage} to ${to} in ${environment}`,
    };
  }
  const outcome = await registry.demote({
    model,
    version,
    to,
    reason: textOption(input, 'reason'),
  });
  const undo = to === 'deprecated' ? null : `mlops model promote ${model} ${version} --to ${stage}`;
  return resultOfStage(outcome, { again: '', undo });
};
