/** Whether more or less of it is better. */
export type Direction = 'higher' | 'lower';

/** A measured figure of a version: later measurements are compared with it. */
export interface Metric {
  readonly name: string;
  readonly value: number;
  /** `ms`, `seconds`, `ratio`, `bytes`, ... */
  readonly unit: string;
  /** Which way is better. */
  readonly direction: Direction;
}

/** A figure as it was given; what its name says need not be said. */
export interface GivenMetric {
  readonly value: unknown;
  readonly unit?: unknown;
  readonly direction?: unknown;
}

/** What a name says about the figure. */
interface Convention {
  readonly matches: RegExp;
  readonly unit: string;
  readonly direction: Direction;
  readonly least?: number;
  readonly most?: number;
}

const SHARE = { unit: 'ratio', least: 0, most: 1 };

/** Names whose unit and direction everybody knows; the first that matches counts. */
const CONVENTIONS: readonly Convention[] = [
  { matches: /_ms$/, unit: 'ms', direction: 'lower', least: 0 },
  { matches: /_seconds$/, unit: 'seconds', direction: 'lower', least: 0 },
  { matches: /_bytes$/, unit: 'bytes', direction: 'lower', least: 0 },
  { matches: /_usd$/, unit: 'usd', direction: 'lower', least: 0 },
  { matches: /_per_second$/, unit: 'per second', direction: 'higher', least: 0 },
  { matches: /(^|_)(error|hallucination|timeout|refusal)_rate$/, ...SHARE, direction: 'lower' },
  { matches: /(^|_)(recall|precision|ndcg|mrr|map|hit_rate|success)_at_\d+$/, ...SHARE, direction: 'higher' },
  {
    matches: /(^|_)(recall|precision|ndcg|mrr|map|accuracy|f1|auc|faithfulness|hit_rate|success_rate)$/,
    ...SHARE,
    direction: 'higher',
  },
  { matches: /(^|_)cosine_similarity(_|$)/, unit: 'ratio', direction: 'higher', least: -1, most: 1 },
  { matches: /(^|_)perplexity$/, unit: 'perplexity', direction: 'lower', least: 1 },
];

const NAME = /^[a-z][a-z0-9_.]{0,99}$/;

/** Completes a metric by what its name says, or says in words what is wrong with it. */
export function completeMetric(name: string, given: GivenMetric): Metric | string {
  if (!NAME.test(name))
    return `metric ${JSON.stringify(name)} is not a name, wanted lowercase letters, digits, "_" and ".", at most 100 characters`;
  const { value } = given;
  if (typeof value !== 'number' || !Number.isFinite(value))
    return `metric ${name} is ${showValue(value)}, wanted a finite number`;
  const convention = CONVENTIONS.find(({ matches }) => matches.test(name));
  const unit = given.unit ?? convention?.unit;
  const direction = given.direction ?? convention?.direction;
  if (
    typeof unit !== 'string' ||
    unit.trim() === '' ||
    unit.length > 40 ||
    (direction !== 'higher' && direction !== 'lower')
  )
    return `metric ${name} does not say its unit and direction, wanted both, for example unit ms and direction lower (${name}=${value}:ms:lower)`;
  if (convention !== undefined && (unit !== convention.unit || direction !== convention.direction))
    return `metric ${name} is given as ${unit}, ${direction} is better; by its name it is ${convention.unit}, ${convention.direction} is better`;
  const { least = -Infinity, most = Infinity } = convention ?? {};
  if (value < least || value > most)
    return `metric ${name} is ${value}, wanted ${most === Infinity ? `at least ${least}` : `${least} to ${most}`} (${unit})`;
  // Minus zero has no text of its own in the evidence.
  return { name, value: value === 0 ? 0 : value, unit, direction };
}

function showValue(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
