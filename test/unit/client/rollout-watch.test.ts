import { describe, expect, it } from 'vitest';
import { createRolloutVerbs, type RolloutVerbParts } from '../../../client/rollouts/rollout-verbs.ts';
import { MlopsError } from '../../../domain/errors.ts';
import type { RolloutStatus } from '../../../workflows/messages.ts';
import { createStatus } from '../../support/statuses.ts';

const WAITING = createStatus({ phase: 'canary' });
const ENDED = createStatus({ phase: 'closed', outcome: 'promoted' });
const AWAY = new MlopsError('ROLLOUT_UNANSWERED', { action: 'Status', model: 'rag_api', seconds: 10, queue: 'q' });

/** Verbs over a rollout that stands here, look after look. */
function verbsOver(looks: readonly (RolloutStatus | MlopsError)[], warnings: string[] = []) {
  const left = [...looks];
  const status = async () => {
    const next = left.shift() ?? ENDED;
    return next instanceof Error ? await Promise.reject(next) : await Promise.resolve(next);
  };
  const parts = {
    rollouts: async () => await Promise.resolve({ status }),
    warn: (text: string) => warnings.push(text),
  };
  return createRolloutVerbs(parts as unknown as RolloutVerbParts);
}

async function all(statuses: AsyncIterable<RolloutStatus>): Promise<readonly RolloutStatus[]> {
  const seen: RolloutStatus[] = [];
  for await (const status of statuses) seen.push(status);
  return seen;
}

describe('a rollout that a program watches', () => {
  it('is told when it stands elsewhere, and last with its outcome', async () => {
    const verbs = verbsOver([WAITING, structuredClone(WAITING), ENDED, WAITING]);
    expect(await all(verbs.watch('rag_api'))).toEqual([WAITING, ENDED]);
  });

  it('is watched on while nobody answers, which is said', async () => {
    const warnings: string[] = [];
    expect(await all(verbsOver([AWAY, ENDED], warnings).watch('rag_api'))).toEqual([ENDED]);
    expect(warnings).toEqual([`${AWAY.message}; still watching`]);
  });

  it('ends the watching when there is none', async () => {
    const none = new MlopsError('ROLLOUT_NOT_FOUND', { model: 'rag_api', environment: 'dev' });
    await expect(all(verbsOver([none]).watch('rag_api'))).rejects.toBe(none);
  });

  it('is looked at once where the signal has fired already', async () => {
    expect(await all(verbsOver([WAITING, ENDED]).watch('rag_api', AbortSignal.abort()))).toEqual([WAITING]);
  });

  it('is explained in lines', async () => {
    const { explanation, ...about } = await verbsOver([WAITING]).explain('rag_api');
    expect(explanation[0]).toContain('is in phase canary');
    expect(about).toEqual({ phase: 'canary', outcome: null, waitingFor: null, missing: WAITING.missing });
  });
});
