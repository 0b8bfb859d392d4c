import { isMlopsError } from '../domain/errors.ts';

/** The code of a refusal by the router because another writer was faster, null for any other error. */
export function lostWriteCode(error: unknown): string | null {
  const isLost = isMlopsError(error, 'TRAFFIC_STALE_GENERATION') || isMlopsError(error, 'TRAFFIC_GENERATION_CONFLICT');
  return isLost ? error.code : null;
}
