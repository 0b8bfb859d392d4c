import { decideCommand } from '../../approval/decide-command.ts';

/** `mlops approval deny` */
export const run = decideCommand('deny');
