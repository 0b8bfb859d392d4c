import type { Stage } from '../stages.ts';
import { refusal } from './refusal.ts';

/** Stages of the protocol. */
export const STAGE_NAMES = ['None', 'Staging', 'Production', 'Archived'] as const;
export type StageName = (typeof STAGE_NAMES)[number];

const NAMES: Readonly<Record<Stage, StageName>> = {
  development: 'None',
  staging: 'Staging',
  production: 'Production',
  deprecated: 'Archived',
  archived: 'Archived',
};

export function stageNameOf(stage: Stage): StageName {
  return NAMES[stage];
}

/** Reads a stage, whatever its case. @throws MLFLOW_REFUSED (INVALID_PARAMETER_VALUE) */
export function parseStageName(text: string): StageName {
  const found = STAGE_NAMES.find((name) => name.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return found;
  throw refusal(
    'INVALID_PARAMETER_VALUE',
    `Invalid Model Version stage: ${text}. Value must be one of ${STAGE_NAMES.join(', ')}.`,
  );
}
