import type { Registration } from './registration.ts';

/** One field that two registrations of the same version say differently. */
export interface Difference {
  /** `metadata.dimension`, `metrics.recall_at_5` */
  readonly field: string;
  /** As text; null where the field is absent. */
  readonly there: string | null;
  readonly given: string | null;
}

/** What differs, field by field, in the order of the fields' names. */
export function differencesOf(there: Registration, given: Registration): Difference[] {
  const [before, after] = [fieldsOf(there), fieldsOf(given)];
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((field) => {
    const [old = null, now = null] = [before.get(field), after.get(field)];
    return old === now ? [] : [{ field, there: old, given: now }];
  });
}

/** Differences for people, one after the other. */
export function differencesInWords(differences: readonly Difference[]): string {
  return differences
    .map(({ field, given, there }) => `${field} is ${there ?? 'absent'} there, ${given ?? 'absent'} here`)
    .join('; ');
}

function fieldsOf(registration: Registration): Map<string, string> {
  const { dependencies, metadata, metrics, tags, ...plain } = registration;
  return new Map([
    ...entriesOf('', plain),
    ...entriesOf('metadata.', metadata),
    ...entriesOf('tags.', tags),
    ...metrics.map(({ direction, name, unit, value }): [string, string] => [
      `metrics.${name}`,
      `${value} ${unit}, ${direction} is better`,
    ]),
    ...dependencies.map(({ kind, target }): [string, string] => [`dependencies.${kind}.${target}`, 'present']),
  ]);
}

function entriesOf(prefix: string, members: object): [string, string][] {
  return Object.entries(members).flatMap(([key, value]): [string, string][] =>
    value === null ? [] : [[`${prefix}${key}`, JSON.stringify(value)]],
  );
}
