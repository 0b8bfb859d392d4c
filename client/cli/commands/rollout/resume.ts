import { actionCommand } from '../../rollout/action-command.ts';

/** `mlops rollout resume` */
export const run = actionCommand('resume');
