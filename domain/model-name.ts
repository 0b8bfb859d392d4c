import { MlopsError } from './errors.ts';

/** The longest name. */
const MOST = 100;

/** Names of models: they are part of workflow ids, paths and rows. */
export const MODEL_NAME = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${MOST - 1}}$`);

/** What a model may be called, in words. */
export const WANTED_MODEL_NAME = `letters, digits, ".", "_" and "-", beginning with a letter or a digit, at most ${MOST} characters`;

/** @throws USAGE_INVALID when a model cannot be called that */
export function assertModelName(name: string): void {
  if (MODEL_NAME.test(name)) return;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Model name is ${name === '' ? 'empty' : `not valid: ${JSON.stringify(name)}`}, wanted ${WANTED_MODEL_NAME}`,
    hint: 'Name a model, for example rag_api; left out, it is model_name of config/monitoring.yaml',
  });
}
