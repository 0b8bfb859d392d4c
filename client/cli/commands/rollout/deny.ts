import { actionCommand } from '../../rollout/action-command.ts';

/** `mlops rollout deny` */
export const run = actionCommand('deny');
