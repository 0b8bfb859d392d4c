import { actionCommand } from '../../rollout/action-command.ts';

/** `mlops rollout abort` */
export const run = actionCommand('abort');
