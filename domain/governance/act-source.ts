import type { EventDraft, Json } from './event-draft.ts';

/** Where somebody acted from, as the program saw it that took the order: the address of a call, or the machine of a command. */
export type ActSource = { readonly address: string } | { readonly host: string };

/** Names of machines and addresses are no longer than this. */
const MAX_LENGTH = 255;

/** The source that an order of any shape says it came from; null when it says none that could be one. */
export function parseSource(value: unknown): ActSource | null {
  if (typeof value !== 'object' || value === null) return null;
  const { address, host } = value as { readonly address?: unknown; readonly host?: unknown };
  if (isName(address)) return { address };
  return isName(host) ? { host } : null;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH;
}

/** Something that may say where it came from; what was asked for before that was kept does not. */
export interface FromSomewhere {
  readonly source?: ActSource;
}

/** The source of one order as the member of another that follows from it: none when it has none. */
export function sourceOf({ source }: FromSomewhere): FromSomewhere {
  return source === undefined ? {} : { source };
}

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
