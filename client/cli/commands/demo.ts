import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MlopsConfig } from '../../../config/schema.ts';
import { MlopsError } from '../../../domain/errors.ts';
import { PARTS, playDemo, type DemoPart, type DemoReport } from '../../demo/demo.ts';
import { rolloutIdOf } from '../../rollouts/rollout-id.ts';
import type { CommandContext, CommandInput, CommandRun } from '../command.ts';
import { textOption } from '../rollout/options.ts';

/** `mlops demo`: the main job on real parts, with crashes; exit 0 only if each act ended as it should. */
export const run: CommandRun = async (context, input) => {
  const config = await context.config();
  const parts = partsOf(input);
  assertHarmless(config);
  if (parts.includes('registry')) assertAsShipped(config);
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, wouldStart: ['local stack', 'four releases of examples/rag-service', 'traffic'] },
      text: 'Nothing is changed. This would start the local stack again, four releases of examples/rag-service and traffic, roll releases out, and register and approve versions.',
    };
  const report = await context.composition.playAlone(async () => await play(context, config, parts));
  return { exitCode: report.passed ? 0 : 1, data: report, text: render(report, context.signal.aborted) };
};

/** @throws USAGE_INVALID */
function assertHarmless({ environment, temporal }: MlopsConfig): void {
  if (environment === 'production' || temporal.address !== null)
    throw new MlopsError('USAGE_INVALID', {
      problem:
        'The demo kills Temporal and the worker: wanted the local stack and an environment that is not production',
      hint: 'Unset TEMPORAL_ADDRESS and MLOPS_ENV, then run `mlops demo`',
    });
}

/** What the acts of the registry count on. @throws USAGE_INVALID */
function assertAsShipped({ artifacts, governance }: MlopsConfig): void {
  const { quorum } = governance.approvalPolicy.high;
  if (artifacts.s3 === null && !artifacts.isSignatureRequired && quorum === 2) return;
  throw new MlopsError('USAGE_INVALID', {
    problem:
      'The demo registers what nobody signed, flips a bit of it on this machine and has it approved by two: wanted artifacts.store files, require_signature none and approvals.high.quorum 2',
    hint: 'Run `mlops demo` in an empty folder, or `mlops demo --only rollouts`',
  });
}

function partsOf(input: CommandInput): readonly DemoPart[] {
  const only = textOption(input, 'only');
  return PARTS.filter((part) => only === '' || part === only);
}

async function play(context: CommandContext, config: MlopsConfig, parts: readonly DemoPart[]): Promise<DemoReport> {
  const say = (line: string): void => context.say(`  ${line}`);
  context.say('Starting the local stack');
  const stack = await context.composition.stack();
  // A demo that was killed may have left it as another environment.
  await stack.stop(say);
  await stack.start(say);
  const model = await freeModelName(context, config);
  const examples = await context.composition.examples(context.workingDirectory);
  const rolloutId = rolloutIdOf(config.environment, model);
  const webUiOf = async (runId: string) => await context.composition.workflowUrl(rolloutId, runId);
  return await playDemo(config, examples, model, parts, { say: context.say, signal: context.signal, webUiOf });
}

/** Every run of the demo has a model, people and a folder of its own, so that it begins at the beginning. */
async function freeModelName(context: CommandContext, { stateDirectory }: MlopsConfig): Promise<string> {
  const router = await context.composition.router();
  const folder = join(stateDirectory, 'demo');
  await mkdir(folder, { recursive: true });
  for (let number = 1; ; number += 1) {
    const model = `rag_demo_${number}`;
    if ((await router.observe(model)) === null && (await makeFolder(join(folder, model)))) return model;
  }
}

/** False when it is there: a run that was interrupted had got no further. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function render(report: DemoReport, isInterrupted: boolean): string {
  const acts = report.acts.flatMap(({ title, passed, facts }, i) => [
    `${passed ? '✔' : '✖'} ${i + 1}. ${title}`,
    ...facts.map((fact) => `    ${fact}`),
  ]);
  if (isInterrupted)
    return ['', ...acts, '', 'Interrupted. Play it again with: mlops demo; stop the stack with: mlops down'].join('\n');
  return [
    '',
    ...acts,
    '',
    `${report.passed ? 'Every act ended as it should' : 'NOT every act ended as it should'}, in ${report.seconds} s.`,
    'The local stack is still running; stop it with: mlops down',
  ].join('\n');
}
