import { actionCommand } from '../../rollout/action-command.ts';

/** `mlops rollout approve` */
export const run = actionCommand('approve');
