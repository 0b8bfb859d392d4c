/** Behind the names of those whom a file names that was taken in. */
export const IMPORTED_MARK = ' (imported)';

/** Marks whom a file names that was taken in: nobody here has seen who that is, whoever has the same name here. Once, however often. */
export function markImported(name: string): string {
  return name.endsWith(IMPORTED_MARK) ? name : `${name}${IMPORTED_MARK}`;
}
