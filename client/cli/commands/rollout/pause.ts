import { actionCommand } from '../../rollout/action-command.ts';

/** `mlops rollout pause` */
export const run = actionCommand('pause');
