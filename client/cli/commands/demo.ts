import type { MlopsConfig } from '../../../config/schema.ts';
import { MlopsError } from '../../../domain/errors.ts';
import { playDemo, type DemoReport } from '../../demo/demo.ts';
import { rolloutIdOf } from '../../rollouts/rollout-id.ts';
import type { CommandContext, CommandRun } from '../command.ts';

/** `mlops demo`: the main job on real parts, with crashes; exit 0 only if each act ended as it should. */
export const run: CommandRun = async (context, input) => {
  const config = await context.config();
  if (config.environment === 'production' || config.temporal.address !== null)
    throw new MlopsError('USAGE_INVALID', {
      problem:
        'The demo kills Temporal and the worker: wanted the local stack and an environment that is not production',
      hint: 'Unset TEMPORAL_ADDRESS and MLOPS_ENV, then run `mlops demo`',
    });
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, wouldStart: ['local stack', 'four releases of examples/rag-service', 'traffic'] },
      text: 'Nothing is changed. This would start the local stack, four releases of examples/rag-service and traffic, and roll releases out.',
    };
  const report = await context.composition.playAlone(async () => await play(context, config));
  return { exitCode: report.passed ? 0 : 1, data: report, text: render(report) };
};

async function play(context: CommandContext, config: MlopsConfig): Promise<DemoReport> {
  context.say('Starting the local stack');
  await (await context.composition.stack()).start((line) => context.say(`  ${line}`));
  const model = await freeModelName(context);
  const examples = await context.composition.examples(context.workingDirectory);
  const rolloutId = rolloutIdOf(config.environment, model);
  const webUiOf = async (runId: string) => await context.composition.workflowUrl(rolloutId, runId);
  return await playDemo(config, examples, model, { say: context.say, signal: context.signal, webUiOf });
}

/** Every run of the demo has a model of its own, so that it begins at the beginning. */
async function freeModelName(context: CommandContext): Promise<string> {
  const router = await context.composition.router();
  for (let number = 1; ; number += 1) {
    const model = `rag_demo_${number}`;
    if ((await router.observe(model)) === null) return model;
  }
}

function render(report: DemoReport): string {
  const acts = report.acts.flatMap(({ title, passed, facts }, i) => [
    `${passed ? '✔' : '✖'} ${i + 1}. ${title}`,
    ...facts.map((fact) => `    ${fact}`),
  ]);
  return [
    '',
    ...acts,
    '',
    `${report.passed ? 'Every act ended as it should' : 'NOT every act ended as it should'}, in ${report.seconds} s.`,
    'The local stack is still running; stop it with: mlops down',
  ].join('\n');
}
