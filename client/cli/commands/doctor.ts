import type { CommandRun } from '../command.ts';

/** `mlops doctor`: one line per check, and what mends it; `--fix` runs setup and up. */
export const run: CommandRun = async (context, input) => {
  const stack = await context.composition.stack();
  if (input.options['fix'] === true) {
    await stack.setup(context.say);
    await stack.start(context.say);
  }
  const findings = await stack.doctor();
  const mark = { ok: '✔', warning: '!', problem: '✖' } as const;
  const lines = findings.map(
    ({ check, state, detail, fix }) => `${mark[state]} ${check}: ${detail}${fix === null ? '' : `\n    fix: ${fix}`}`,
  );
  return {
    exitCode: findings.some(({ state }) => state === 'problem') ? 1 : 0,
    data: { findings },
    text: lines.join('\n'),
  };
};
