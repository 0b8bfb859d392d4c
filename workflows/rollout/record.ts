import type { RolloutActivities } from '../../activities/index.ts';
import type { Notification } from '../../activities/ports.ts';
import { log, patched, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import { sourceOf, type FromSomewhere } from '../../domain/governance/act-source.ts';
import { activities, deliveryActivities, type RolloutContext } from './context.ts';
import { isPassing, messageOf } from './failure.ts';
import type { ShownEvent, StoryEvent } from '../../domain/rollout/story.ts';
import type { TimelineEntry } from '../messages.ts';

/** About three seconds: what cannot be written then is kept. */
const SOME_ATTEMPTS: ActivityOptions = {
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumAttempts: 5 },
};

type EventInput = Parameters<RolloutActivities['recordEvent']>[0];

/** The query shows this many entries; the database keeps all. */
const TIMELINE_LENGTH = 60;

/** Something that happened: `key` makes it once-only within the rollout. */
export interface News extends FromSomewhere {
  readonly key: string;
  readonly event: StoryEvent;
  readonly detail: string;
  readonly actor?: string;
  readonly weightPercent?: number;
  readonly generation?: number;
  /** Tell people outside too. */
  readonly notify?: 'info' | 'warning' | 'page';
  readonly facts?: Readonly<Record<string, unknown>>;
}

/**
 * Writes an event to the timeline and the database, once, and tells people when it should. While the database is away
 * it is kept, and nothing goes on before it is written (`isBehind`).
 */
export async function record(context: RolloutContext, news: News): Promise<void> {
  const { run } = context;
  if (run.announced.includes(news.key)) return;
  const { input, delivery } = assembleEvent(context, news);
  if (isBehind(context)) {
    keep(context, news, input);
    return;
  }
  try {
    await write(input, SOME_ATTEMPTS);
  } catch (error) {
    if (delivery !== null || !isPassing(error) || !patched('an-outage-only-pauses')) throw error;
    const detail = `what happens is kept until it can be written: ${messageOf(error)}`;
    show(context, { key: '', event: 'delayed', detail });
    keep(context, news, input);
    return;
  }
  // After the row is there: a failed attempt is made again by whoever called.
  run.announced.push(news.key);
  if (delivery !== null) deliver(context, delivery);
}

/** The same, of what follows from what a person did: it stands after that, in what is shown and in what is kept. */
export async function recordConsequence(context: RolloutContext, news: News): Promise<void> {
  if (patched('acts-stand-before-what-follows')) await recordAsked(context);
  await record(context, news);
}

/**
 * The same, of what uses an approval up: written now, with that, or not at all.
 *
 * @throws ActivityFailure while the database is away, and APPROVAL_NOT_GRANTED
 */
export async function recordUse(
  context: RolloutContext,
  news: News & { readonly actor: string },
  uses: NonNullable<EventInput['uses']>,
): Promise<void> {
  const { run } = context;
  const { actor, detail, event, facts, key } = news;
  await recordAsked(context);
  const at = new Date(run.nowMs).toISOString();
  const details = { detail, ...facts };
  await write(
    { rolloutKey: run.rolloutKey, idempotencyKey: `${run.rolloutKey}/${key}`, at, event, actor, details, uses },
    SOME_ATTEMPTS,
  );
  show(context, news);
  run.announced.push(key);
}

/** The same, of what must be written before the rollout returns. @throws while the database is away */
export async function recordLast(context: RolloutContext, news: News): Promise<void> {
  if (context.run.announced.includes(news.key)) return;
  const { input, delivery } = assembleEvent(context, news);
  await write(input, {});
  context.run.announced.push(news.key);
  if (delivery !== null) deliver(context, delivery);
}

/** Whether something that happened is not written yet. */
export function isBehind({ run }: RolloutContext): boolean {
  return (run.unwritten ?? []).length > 0;
}

/** Writes what was kept, and then what people did. While the database is away both stay. */
export async function catchUp(context: RolloutContext): Promise<void> {
  try {
    await writeUnwritten(context, SOME_ATTEMPTS);
  } catch (error) {
    if (!isPassing(error)) throw error;
    log.warn('What happened could not be written yet', { error: messageOf(error) });
    return;
  }
  await recordAsked(context);
}

function keep({ run }: RolloutContext, news: News, input: EventInput): void {
  (run.unwritten ??= []).push({ ...input });
  run.announced.push(news.key);
}

/** Writes what was kept, oldest first. @throws while the database is away */
export async function writeUnwritten({ run }: RolloutContext, options: ActivityOptions = {}): Promise<void> {
  const waiting = run.unwritten ?? [];
  for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
    await write(next as unknown as EventInput, options);
    waiting.shift();
  }
}

async function write(input: EventInput, options: ActivityOptions): Promise<void> {
  await activities.recordEvent.executeWithOptions({ summary: input.event, ...options }, [input]);
}

function assembleEvent(
  context: RolloutContext,
  news: News,
): { readonly input: EventInput; readonly delivery: Notification | null } {
  const entry = show(context, news);
  const idempotencyKey = `${context.run.rolloutKey}/${news.key}`;
  const notification = news.notify === undefined ? null : assembleNotification(context, news, entry, idempotencyKey);
  const isHandedOver = notification !== null && patched('deliveries-are-workflows');
  const input = {
    rolloutKey: context.run.rolloutKey,
    idempotencyKey,
    at: entry.at,
    event: news.event,
    actor: entry.actor,
    details: { detail: news.detail, ...weightOf(news), ...news.facts },
    ...sourceOf(news),
    ...(isHandedOver ? { notification } : {}),
  };
  return { input, delivery: isHandedOver ? null : notification };
}

/**
 * Writes what people did to the database, in order, each once. While the database is away they are kept: an abort must
 * not wait for its own record.
 */
export async function recordAsked(context: RolloutContext): Promise<void> {
  const { run } = context;
  const asked = run.asked ?? [];
  if (asked.length === 0) return;
  // Rollouts that began before this was kept go on as they began.
  if (!patched('asked-actions-are-recorded')) return void (run.asked = []);
  await Promise.all(context.stamps.splice(0));
  try {
    for (let next = asked[0]; next !== undefined; next = asked[0]) {
      const number = run.askedCount ?? 0;
      await activities.recordEvent.executeWithOptions({ summary: `${next.event} by ${next.actor}` }, [
        {
          rolloutKey: run.rolloutKey,
          idempotencyKey: `${run.rolloutKey}/asked/${number}`,
          at: next.at,
          event: next.event,
          actor: next.actor,
          details: { detail: next.detail, ...next.facts },
          ...sourceOf(next),
        },
      ]);
      asked.shift();
      run.askedCount = number + 1;
    }
  } catch (error) {
    if (!isPassing(error)) throw error;
    log.warn('What people did could not be written yet', { waiting: asked.length, error: messageOf(error) });
  }
}

/** Adds an entry to what the query shows, only. */
export function show(
  context: RolloutContext,
  news: Omit<News, 'event'> & { readonly event: ShownEvent },
): TimelineEntry {
  const entry: TimelineEntry = {
    at: new Date(context.run.nowMs).toISOString(),
    event: news.event,
    actor: news.actor ?? 'rollout',
    detail: news.detail,
    ...weightOf(news),
  };
  context.timeline = [...context.timeline, entry].slice(-TIMELINE_LENGTH);
  return entry;
}

/** Waits until every message that this workflow delivers itself was delivered or given up. */
export async function settleDeliveries(context: RolloutContext): Promise<void> {
  await Promise.all([...context.deliveries, ...context.stamps]);
  context.deliveries = [];
}

function assembleNotification(
  context: RolloutContext,
  news: News,
  entry: TimelineEntry,
  idempotencyKey: string,
): Notification {
  return {
    idempotencyKey,
    event: news.event,
    rolloutId: workflowInfo().workflowId,
    model: context.request.model,
    environment: context.request.environment,
    at: entry.at,
    summary: news.detail,
    severity: news.notify ?? 'info',
    details: {
      from: context.request.stable.version,
      to: context.request.canary.version,
      ...weightOf(news),
      ...news.facts,
    },
  };
}

/** As rollouts did that began before deliveries were workflows. */
function deliver(context: RolloutContext, notification: Notification): void {
  const { event } = notification;
  const delivery = deliveryActivities.notify
    .executeWithOptions({ summary: `tell people: ${event}` }, [notification])
    .catch((error: unknown) => {
      // Nobody could be told; the rollout goes on, and the timeline says so.
      log.error('Notification was not delivered', { event, error: messageOf(error) });
      show(context, { key: '', event: 'notification-failed', detail: `${event}: ${messageOf(error)}` });
    });
  context.deliveries.push(delivery);
}

function weightOf(news: Pick<News, 'generation' | 'weightPercent'>): { weightPercent?: number; generation?: number } {
  return {
    ...(news.weightPercent === undefined ? {} : { weightPercent: news.weightPercent }),
    ...(news.generation === undefined ? {} : { generation: news.generation }),
  };
}
