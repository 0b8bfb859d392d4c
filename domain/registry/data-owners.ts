import type { MetadataValue } from './model-types.ts';

/** Metadata in which a version names who owns the data that it was made from. */
const KEY = 'data_owner';

/**
 * Who owns the data of a version, as its metadata say: names or principal ids, separated by commas.
 *
 * @example dataOwnersOf({ data_owner: 'dora, dan' }) // ['dora', 'dan']
 */
export function dataOwnersOf(metadata: Readonly<Record<string, MetadataValue>>): string[] {
  return String(Object.hasOwn(metadata, KEY) ? metadata[KEY] : '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
