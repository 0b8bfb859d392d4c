import type { LiveSplit } from '../domain/rollout/split.ts';
import type { Notification, Outbox } from './ports.ts';

/** Tells people what the guard found. */
export async function tellPeople(outbox: Outbox, news: Omit<Notification, 'rolloutId'>): Promise<void> {
  await outbox.send({ ...news, rolloutId: `rollout/${news.environment}/${news.model}` }, null);
}

/** What news of a split that was found are about. */
export function aboutSplit(live: LiveSplit): Pick<Notification, 'model' | 'severity' | 'details'> {
  return { model: live.split.model, severity: 'warning', details: { live } };
}
