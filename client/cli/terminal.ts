import type { CommandContext } from './command.ts';

/** What may be shown: nothing but plain lines without a terminal, with NO_COLOR, TERM=dumb or --no-color (contract §2). */
export function terminalOf(
  env: CommandContext['env'],
  options: Readonly<Record<string, unknown>>,
  isTerminal: { readonly stdout: boolean; readonly stderr: boolean },
): Pick<CommandContext, 'useColor' | 'isAnimated'> {
  const isPlain = env['TERM'] === 'dumb' || (env['NO_COLOR'] ?? '') !== '' || options['color'] === false;
  const isAnimated = !isPlain && isTerminal.stderr;
  return { isAnimated, useColor: isAnimated && isTerminal.stdout };
}
