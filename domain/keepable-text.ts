const LOST = '\uFFFD';

/** Whether a text can be kept as it is: evidence cannot hold half of a surrogate pair, and the database no NUL. */
export function isKeepable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}

/**
 * A value of JSON as it can be kept: what cannot be is U+FFFD in its texts. Anybody may write anything as a reason, and that must not
 * keep what they did from being written, nor what others do after it.
 */
export function keepable<T>(value: T): T {
  return clean(value) as T;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return isKeepable(value) ? value : value.toWellFormed().replaceAll('\u0000', LOST);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null || !isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [clean(name), clean(member)]));
}

/** A date, or what else has a form of its own, is left to who knows it. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
