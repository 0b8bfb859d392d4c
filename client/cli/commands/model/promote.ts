import { MlopsError } from '../../../../domain/errors.ts';
import { isLegal, legalInWords } from '../../../../domain/registry/stages.ts';
import { createModelRegistry } from '../../../registry/model-registry.ts';
import type { GoBackOrder } from '../../../registry/registry-input.ts';
import type { Registry } from '../../../registry-port.ts';
import type { CommandInput, CommandResult, CommandRun } from '../../command.ts';
import { given } from '../../given.ts';
import { resultOfStage } from '../../model/outcome.ts';
import { dataOfVersion } from '../../model/version-data.ts';
import { textOption } from '../../rollout/options.ts';

/** `mlops model promote`: one stage up, or back to the last production version. */
export const run: CommandRun = async (context, input) => {
  const [model = '', version] = input.args;
  const isBack = input.options['previous'] === true;
  if (isBack === (version !== undefined))
    throw new MlopsError('USAGE_INVALID', {
      problem: isBack ? `Version ${version} is named beside --previous` : 'The version to promote is not named',
      hint: 'Name one: `mlops model promote rag_api 1.1.0`, or go back: `mlops model promote rag_api --previous`',
    });
  const registry = await context.composition.registry();
  if (version === undefined) return await goBack(registry, input, model);
  const { environment, registration, stage } = await registry.version({ model, version });
  const to = textOption(input, 'to', stage === 'development' ? 'staging' : 'production');
  const name = registration.version;
  if (input.dryRun) return await foresee(registry, { model, version: name, to, environment });
  const outcome = await createModelRegistry(async () => await Promise.resolve(registry)).promoteModel({
    ...orderOf(input, model),
    version: name,
    to: to === 'production' ? to : 'staging',
  });
  return resultOfStage(outcome, {
    again: `mlops model promote ${model} ${name} --to ${to}`,
    undo: undoOf(model, name, outcome.version.stage, outcome.replaced),
  });
};

function undoOf(model: string, version: string, stage: string, replaced: string | null): string {
  if (stage !== 'production') return `mlops model demote ${model} ${version} --to development`;
  return replaced === null
    ? `mlops model demote ${model} ${version} --to staging`
    : `mlops model promote ${model} --previous`;
}

async function goBack(registry: Registry, input: CommandInput, model: string): Promise<CommandResult> {
  const order = orderOf(input, model);
  if (input.dryRun) {
    const { expectedProduction: production = await registry.production({ model }) } = order;
    return {
      exitCode: 0,
      data: { dryRun: true, model, production },
      text: `Nothing is changed. This would put the production version before ${production ?? 'now'} back, if it can be verified`,
    };
  }
  const outcome = await createModelRegistry(async () => await Promise.resolve(registry)).goBack(order);
  const { replaced } = outcome;
  // What was left is not gone back to: people decide about it anew.
  const undo =
    replaced === null
      ? `mlops model demote ${model} ${outcome.version.registration.version} --to staging`
      : `mlops model promote ${model} ${replaced} --to production`;
  return resultOfStage(outcome, { again: `mlops model promote ${model} --previous`, undo, isWayBack: true });
}

/** What is in production now counts, unless it was said: when that changes meanwhile, nothing happens. */
function orderOf(input: CommandInput, model: string): GoBackOrder {
  const expect = textOption(input, 'expect');
  const expected = expect === '' ? {} : { expectedProduction: expect === 'none' ? null : expect };
  const approval = given({ approvalId: textOption(input, 'approval') || null });
  return { model, ...approval, ...expected, reason: textOption(input, 'reason') };
}

async function foresee(
  registry: Registry,
  {
    environment,
    model,
    to,
    version,
  }: { readonly model: string; readonly version: string; readonly to: string; readonly environment: string },
): Promise<CommandResult> {
  const record = await registry.version({ model, version });
  const from = record.stage;
  const stage = to === 'production' ? to : 'staging';
  if (!isLegal('promote', from, stage) && from !== stage)
    throw new MlopsError('TRANSITION_ILLEGAL', { model, version, from, to, legal: legalInWords('promote', from) });
  const current = await registry.production({ model });
  const replaced =
    to === 'production' && current !== null && current !== version ? `; ${current} would go back to staging` : '';
  const needs = to === 'production' || record.registration.approvalRequired ? '; it needs an approval' : '';
  return {
    exitCode: 0,
    data: { dryRun: true, ...dataOfVersion(record), from, to, production: current },
    text: `Nothing is changed. This would move ${model} ${version} from ${from} to ${to} in ${environment}${replaced}${needs}`,
  };
}
