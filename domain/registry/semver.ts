/** A version by Semantic Versioning 2.0.0. */
export interface SemanticVersion {
  /** Without a leading `v`; with build metadata, when it has some. */
  readonly text: string;
  /** major, minor, patch as digits: of any length, without leading zeros */
  readonly core: readonly [string, string, string];
  /** Identifiers after the hyphen; empty for a release. */
  readonly prerelease: readonly string[];
  /** After the plus sign; null when there is none. It says nothing about precedence. */
  readonly build: string | null;
}

/** The longest version that is accepted, in characters. */
export const LONGEST_VERSION = 255;

const NUMBER = '(?:0|[1-9]\\d*)';
const IDENTIFIER = `(?:${NUMBER}|\\d*[A-Za-z-][0-9A-Za-z-]*)`;
const VERSION = new RegExp(
  `^v?(${NUMBER})\\.(${NUMBER})\\.(${NUMBER})(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?$`,
);

/** What a version must look like, in words. */
export const WANTED_VERSION = 'MAJOR.MINOR.PATCH, with -prerelease or +build behind it (Semantic Versioning 2.0.0)';

/** Parses a version strictly; one leading `v` is dropped. Null for anything else: nothing is guessed or filled in. */
export function parseVersion(input: string): SemanticVersion | null {
  if (input.length > LONGEST_VERSION) return null;
  const match = VERSION.exec(input);
  if (match === null) return null;
  const [, major = '', minor = '', patch = '', prerelease, build] = match;
  return {
    text: input.startsWith('v') ? input.slice(1) : input,
    core: [major, minor, patch],
    prerelease: prerelease?.split('.') ?? [],
    build: build ?? null,
  };
}

/** Precedence (SemVer 2.0.0 §11): negative when `a` comes before `b`, 0 when they differ in build metadata at most. */
export function compareVersions(a: SemanticVersion, b: SemanticVersion): number {
  for (const [at, digits] of a.core.entries()) {
    const order = compareNumbers(digits, b.core[at] ?? '');
    if (order !== 0) return order;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return b.prerelease.length - a.prerelease.length;
  for (const [at, identifier] of a.prerelease.entries()) {
    const other = b.prerelease[at];
    if (other === undefined) return 1;
    const order = compareIdentifiers(identifier, other);
    if (order !== 0) return order;
  }
  return a.prerelease.length - b.prerelease.length;
}

/**
 * Whether two names are of one version: `v1.1.0` and `1.1.0+build.7` are `1.1.0`. Services and routers may name what was registered by
 * any of these. What is no semantic version is only itself.
 */
export function isSameVersion(a: string, b: string): boolean {
  if (a === b) return true;
  const [one, other] = [parseVersion(a), parseVersion(b)];
  return one !== null && other !== null && compareVersions(one, other) === 0;
}

/** Numbers of any length: JavaScript's own end at 2^53. */
function compareNumbers(a: string, b: string): number {
  return a.length - b.length || compareTexts(a, b);
}

function compareIdentifiers(a: string, b: string): number {
  const [isANumber, isBNumber] = [isNumber(a), isNumber(b)];
  if (isANumber && isBNumber) return compareNumbers(a, b);
  if (isANumber !== isBNumber) return isANumber ? -1 : 1;
  return compareTexts(a, b);
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function isNumber(identifier: string): boolean {
  return /^\d+$/.test(identifier);
}

/**
 * A text whose byte order is the versions' precedence, so that a database index keeps them in order; equal exactly for
 * versions that differ in build metadata at most.
 *
 * Numbers have their length before them; each prerelease identifier ends with a blank, which comes before every character
 * an identifier may have; a release ends with `~`, which comes after all of them.
 */
export function sortKeyOf({ core, prerelease }: SemanticVersion): string {
  const numbers = core.map(lengthFirst).join('');
  if (prerelease.length === 0) return `${numbers}~`;
  const identifiers = prerelease.map((identifier) =>
    isNumber(identifier) ? `0${lengthFirst(identifier)} ` : `1${identifier} `,
  );
  return `${numbers}-${identifiers.join('')}`;
}

function lengthFirst(digits: string): string {
  return `${String(digits.length).padStart(3, '0')}${digits}`;
}
