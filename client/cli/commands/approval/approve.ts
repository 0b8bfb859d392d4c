import { decideCommand } from '../../approval/decide-command.ts';

/** `mlops approval approve` */
export const run = decideCommand('approve');
