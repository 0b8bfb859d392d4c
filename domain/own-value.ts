/**
 * What an object holds itself under a name that somebody gave; undefined for anything else. `record[name]` would find
 * `constructor` and `toString` in every object.
 */
export function ownValue<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
