import type { EventDraft, Json } from './event-draft.ts';

/** Where somebody acted from, as the program saw it that took the order: the address of a call, or the machine of a command. */
export type ActSource = { readonly address: string } | { readonly host: string };

/** One text for each source: what a keyed hash of it is made of. */
export function sourceText(source: ActSource): string {
  return 'address' in source ? `address ${source.address}` : `host ${source.host}`;
}

/**
 * Whether an event says where it was done from. Parts of the system act from where they run; and who erases themselves leaves
 * nothing more, for it would be sealed under a new key of theirs.
 */
export function hasSource({ actor, resource, type }: Pick<EventDraft, 'actor' | 'resource' | 'type'>): boolean {
  return !actor.id.startsWith('system:') && !(type === 'governance.erased' && resource === actor.id);
}

/**
 * The draft with its source in the payload, sealed under the key of who acted: it is personal data. What is sealed under the key
 * of a thing has none, for it would outlive the erasure of the person; such an event has the keyed hash alone.
 */
export function withSource(draft: EventDraft, source: ActSource): EventDraft {
  const { actor, payload, subject } = draft;
  if (payload === undefined) return { ...draft, payload: { source: { ...source } }, subject: actor.id };
  if (subject !== actor.id || !isObject(payload)) return draft;
  return { ...draft, payload: { ...payload, source: { ...source } } };
}

function isObject(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
