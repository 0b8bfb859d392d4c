/** Deepest nesting of arrays and objects that a canonical text may have. */
export const DEEPEST = 64;

/**
 * The canonical text (RFC 8785, JCS) of a JSON value: members sorted by UTF-16 code units, numbers as ECMAScript prints
 * them, minimal escapes, no whitespace.
 *
 * @throws TypeError for what JSON cannot say (undefined, NaN, an infinity, a function, a lone surrogate) and for nesting
 *   deeper than 64: evidence must not drop or change a value silently.
 */
export function canonicalJson(value: unknown): string {
  return isPlain(value, 0) ? JSON.stringify(value) : write(value, 0);
}

/**
 * Parses a text that must be canonical: writing its value again gives exactly this text. That refuses duplicate and
 * unsorted members, whitespace, `1.0`, `-0`, `1e400`, needless escapes, lone surrogates and nesting deeper than 64.
 *
 * Returns null when it is not. Cost: one parse and one write.
 */
export function parseCanonical(text: string): { readonly value: unknown } | null {
  try {
    const value: unknown = JSON.parse(text);
    // Without escapes of code units there is no half of a surrogate pair; what else is not canonical, JSON.stringify writes otherwise.
    if (!text.includes('\\u') && JSON.stringify(value) === text && isSorted(value, 0)) return { value };
    return canonicalJson(value) === text ? { value } : null;
  } catch {
    return null;
  }
}

/** Whether the objects of a parsed value list their members sorted, and it is not nested too deep. */
function isSorted(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= DEEPEST) return false;
  if (Array.isArray(value)) return value.every((item) => isSorted(item, depth + 1));
  let before = '';
  // Parsed: every enumerable member is one of its own, and no name comes twice.
  for (const key in value) {
    if (before > key || !isSorted((value as Record<string, unknown>)[key], depth + 1)) return false;
    before = key;
  }
  return true;
}

/**
 * Whether JSON.stringify writes the value canonically: its objects list their members sorted. An object with members
 * named like array indexes lists those first, by number, and may be out of order.
 */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'boolean' || value === null) return true;
  if (typeof value !== 'object' || depth >= DEEPEST) return false;
  // `Array.from` shows holes, which `every` skips.
  if (Array.isArray(value)) return Array.from(value).every((item) => isPlain(item, depth + 1));
  if (!isDictionary(value)) return false;
  const members = value as Record<string, unknown>;
  let before: string | null = null;
  for (const key of Object.keys(members)) {
    if ((before !== null && before >= key) || !key.isWellFormed() || !isPlain(members[key], depth + 1)) return false;
    before = key;
  }
  return true;
}

function write(value: unknown, depth: number): string {
  if (typeof value === 'string') return writeText(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${value} is not a JSON number`);
    return JSON.stringify(value);
  }
  if (typeof value === 'boolean' || value === null) return String(value);
  if (typeof value !== 'object') throw new TypeError(`a value of type ${typeof value} has no JSON text`);
  if (depth >= DEEPEST) throw new TypeError(`nesting is deeper than ${DEEPEST}`);
  if (Array.isArray(value)) return `[${Array.from(value, (item: unknown) => write(item, depth + 1)).join(',')}]`;
  if (!isDictionary(value)) throw new TypeError('an object with a prototype of its own has no JSON text');
  const members = value as Record<string, unknown>;
  const texts = Object.keys(members)
    .sort()
    .map((key) => `${writeText(key)}:${write(members[key], depth + 1)}`);
  return `{${texts.join(',')}}`;
}

/** A date, a map or an instance of a class would lose what it is. */
function isDictionary(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function writeText(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('a text holds half of a surrogate pair');
  return JSON.stringify(text);
}
