// A rollout that people began, found somebody else's hand in, and denied: in every table that has words of people.
import { createEmergencyRollback } from '../../adapters/gateway/emergency.ts';
import { createGatewayRouter } from '../../adapters/gateway/router.ts';
import { createEmergencyJournal } from '../../adapters/postgres/emergency-ingest.ts';
import { createRolloutStore, type EvidenceParts } from '../../adapters/postgres/rollout-store.ts';
import { createTrafficStore } from '../../adapters/postgres/traffic-store.ts';
import type { RolloutReceipt } from '../../domain/rollout/receipt.ts';
import type { StoryEvent } from '../../domain/rollout/story.ts';
import type { LiveSplit } from '../../domain/rollout/split.ts';
import type { MlopsConfig } from '../../config/schema.ts';
import { composeAuthority } from '../../workers/authority.ts';
import { createWrite } from './gateway.ts';
import { at, createJudgedReceipt, event } from './receipts.ts';

/** Who starts it, and says no in the end; who changes traffic past it. */
export interface Teller {
  readonly name: string;
  readonly words: string;
}

/**
 * Writes the story by the shipped stores. Returns what it is of.
 *
 * @param more what sets it apart from another one, and what happens while it goes on
 */
export async function tellStory(
  parts: EvidenceParts,
  starter: Teller,
  stranger: Teller,
  more: { readonly of?: Partial<RolloutReceipt['rollout']>; readonly meanwhile?: () => Promise<void> } = {},
): Promise<RolloutReceipt['rollout']> {
  const { rollout, ticks, writes } = createJudgedReceipt(0.01, 0.72);
  const [rollouts, traffic] = [createRolloutStore(parts), createTrafficStore(parts)];
  const story = { ...rollout, ...more.of, startedBy: starter.name };
  const { environment, model, rolloutKey } = story;
  await rollouts.open(story);
  const [first] = writes;
  const last = writes.at(-1);
  if (first === undefined || last === undefined) throw new Error('the receipt has no writes');
  const split = { ...first.split, model, canary: null, canaryBasisPoints: 0 };
  const retreat = { ...last, idempotencyKey: `${rolloutKey}/retreat`, split, reason: 'rolled-back: denied' };
  const write = async ({ idempotencyKey: key, split: asked, reason }: typeof first): Promise<void> => {
    const idempotencyKey = key.replace(rollout.rolloutKey, rolloutKey);
    const wanted = { ...asked, model };
    const order = { environment, idempotencyKey, split: wanted, expectedGeneration: 0, actor: starter.name, reason };
    const live = { ...(await traffic.reserve(order)), actor: starter.name, reason, writtenAt: at(1) };
    await traffic.markApplied(environment, live);
  };
  const tell = async (...entries: readonly RolloutReceipt['events'][number][]): Promise<void> => {
    for (const one of entries)
      await rollouts.recordEvent({
        ...one,
        event: one.event as StoryEvent,
        rolloutKey,
        idempotencyKey: `${rolloutKey}/${one.event}`,
      });
  };
  await write(first);
  for (const tick of ticks.filter(({ step }) => step === 0))
    await rollouts.saveTick({ ...tick, rolloutKey, snapshot: null, state: null });
  await tell(
    event(0, 'started', 'rag_api 1.0.0 → 1.1.0; ready', starter.name, { reason: starter.words }),
    event(0.5, 'weight-set', 'weight 5 %', 'rollout', { weightPercent: 5, generation: 1 }),
    event(5, 'foreign-edit', `${stranger.name} had set 30 % (generation 2): replaced`, 'rollout', {
      writer: stranger.name,
    }),
  );
  await more.meanwhile?.();
  await tell(event(11, 'deny', `rolls back (${starter.words})`, starter.name));
  await write(retreat);
  const outcome = { outcome: 'rolled-back', reason: 'denied', detail: starter.words, at: at(12) } as const;
  await rollouts.close(rolloutKey, { ...outcome, actor: starter.name, humanWaitSeconds: 0 }, null);
  await tell(event(12, 'rolled-back', `denied: ${starter.words}`, starter.name));
  if (more.meanwhile === undefined) await interfere(parts, { ...story, split }, stranger);
  return story;
}

/** Somebody changes traffic past the rollout, and takes it back in an emergency; the guard finds both. */
async function interfere(
  parts: EvidenceParts,
  { environment, model, split }: Pick<RolloutReceipt['rollout'], 'environment' | 'model'> & Pick<LiveSplit, 'split'>,
  { name, words }: Teller,
): Promise<void> {
  const live: LiveSplit = {
    split,
    generation: 7,
    idempotencyKey: 'by-hand',
    actor: name,
    reason: words,
    writtenAt: at(13),
  };
  await createTrafficStore(parts).recordForeign(environment, live, 'foreign-edit');
  await createRolloutStore(parts).openIncident({
    idempotencyKey: `guard/${model}/7`,
    model,
    environment,
    actor: 'traffic-guard',
    kind: 'foreign-edit',
    severity: 'warning',
    summary: `Split of ${model} was changed by ${name}: 0 % canary (${words})`,
    evidence: { live, recorded: null },
  });
  const governance = { developmentRoles: [], issuers: [] };
  const authority = composeAuthority({ environment: 'dev', governance }, parts);
  const line = {
    id: `${model}/done`,
    at: at(14),
    model,
    stage: 'done',
    actor: name,
    reason: words,
    before: live,
    after: live,
  };
  await createEmergencyJournal(
    { ...parts, authority },
    environment,
    async () => await Promise.resolve({ entries: [line], unreadable: [] }),
  ).ingest();
}

/** One rolls out, both roll back in an emergency: in the gateway's record and in the journal. */
export async function changeTraffic(
  config: Pick<MlopsConfig, 'gateway' | 'stateDirectory'>,
  first: Teller,
  second: Teller,
): Promise<void> {
  const nowhere = { stable: 'http://127.0.0.1:9', canary: 'http://127.0.0.1:9' };
  const write = createWrite(nowhere, 1, {}, { actor: first.name, reason: first.words });
  await createGatewayRouter(config).apply(write);
  const emergency = createEmergencyRollback(config, { host: 'desk' });
  for (const { name, words } of [first, second])
    await emergency.roll({ model: write.split.model, actor: name, reason: words }, () => undefined);
}
