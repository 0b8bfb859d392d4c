import { isMlopsError } from '../../domain/errors.ts';
import { assessNoise, NEWEST_TICKS, type NoiseBasis } from '../../domain/rollout/calibration/noise-basis.ts';
import type { HistoryTick } from '../../domain/rollout/calibration/history.ts';
import type { JudgePolicy } from '../../domain/rollout/judge.ts';
import type { RolloutRequest } from '../../domain/rollout/run.ts';
import type { EvidenceReader } from '../evidence-port.ts';

/** As pre-flight will find it; `armed` is null while the database that says so is away. */
export type ForeseenNoise = Omit<NoiseBasis, 'armed'> & { readonly armed: boolean | null };

interface NoiseParts {
  evidence(): Promise<Pick<EvidenceReader, 'history'>>;
}

/** What pre-flight will find about the noise assumption; without the database only what the configuration says. */
export async function foreseeNoise(parts: NoiseParts, request: RolloutRequest): Promise<ForeseenNoise> {
  const { model, environment, plan, noise = { assumption: 'default', calibration: null } } = request;
  const policy = request.policy as unknown as JudgePolicy;
  const ticks = noise.calibration === null ? await tryHistory(parts, request, policy.tickSeconds) : [];
  if (ticks !== null) return assessNoise(noise, ticks, policy, `${environment}/${model}`, plan.autoRollback);
  const text = `assumption ${noise.assumption}, not calibrated; whether automatic rollback is armed shows at the start: the database is away`;
  return { basis: 'default', armed: null, text };
}

async function tryHistory(
  parts: NoiseParts,
  { environment, model }: RolloutRequest,
  tickSeconds: number,
): Promise<readonly HistoryTick[] | null> {
  try {
    const evidence = await parts.evidence();
    return await evidence.history(environment, model, { tickSeconds, since: null, newest: NEWEST_TICKS });
  } catch (error) {
    if (isMlopsError(error, 'DATABASE_UNREACHABLE')) return null;
    throw error;
  }
}
