/** Numbers may differ by this much (relative) on another engine version before it is called a difference. */
const ENGINE_TOLERANCE = 1e-6;
/** Numbers in words are rounded to three digits. */
const WORDS_TOLERANCE = 0.02;
const NUMBER = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g;

/**
 * Paths at which two plain JSON values differ, whatever the order of keys; none when they say the same.
 *
 * @param isExact numbers must be the same bit for bit; else they may differ as on another engine version, also in words
 */
export function differencesOf(recorded: unknown, again: unknown, isExact: boolean, path = ''): string[] {
  if (recorded === again) return [];
  if (typeof recorded === 'number' && typeof again === 'number')
    return !isExact && isClose(recorded, again, ENGINE_TOLERANCE) ? [] : [path];
  if (typeof recorded === 'string' && typeof again === 'string')
    return !isExact && isSameInWords(recorded, again) ? [] : [path];
  if (!isObject(recorded) || !isObject(again) || Array.isArray(recorded) !== Array.isArray(again)) return [path];
  const keys = [...new Set([...Object.keys(recorded), ...Object.keys(again)])];
  return keys.flatMap((key) => {
    const at = path === '' ? key : `${path}.${key}`;
    if (!Object.hasOwn(recorded, key) || !Object.hasOwn(again, key)) return [at];
    return differencesOf(recorded[key], again[key], isExact, at);
  });
}

function isSameInWords(a: string, b: string): boolean {
  if (a.replaceAll(NUMBER, '#') !== b.replaceAll(NUMBER, '#')) return false;
  const others = b.match(NUMBER) ?? [];
  return (a.match(NUMBER) ?? []).every((one, index) => isClose(Number(one), Number(others[index]), WORDS_TOLERANCE));
}

function isClose(a: number, b: number, tolerance: number): boolean {
  return a === b || Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
