import { actionCommand } from '../../rollout/action-command.ts';

/** `mlops rollout promote` */
export const run = actionCommand('promote');
