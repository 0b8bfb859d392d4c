import picocolors from 'picocolors';
import type { CommandContext } from '../command.ts';
import { PLAIN, type Paint } from '../../reports/rollout-status.ts';

/** Colours when the terminal wants them. */
export function paintFor(context: Pick<CommandContext, 'useColor'>): Paint {
  if (!context.useColor) return PLAIN;
  const { green, red, dim, bold } = picocolors.createColors(true);
  return { good: green, bad: red, dim, bold };
}
