/** Alphabets whose letters look like those of one another. */
const ALPHABETS = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u] as const;
/** It is also the name of a file. */
const NEW_NAME = /^[\p{L}\p{N}][\p{L}\p{N} _@+-]{0,63}$/u;

export const WANTED_NEW_NAME = '1 to 64 letters of one alphabet, digits, single spaces, _ @ + or -';

/** Whether somebody may become known by a name: one that nobody takes for another. */
export function isNewName(name: string): boolean {
  const alphabets = ALPHABETS.filter((alphabet) => alphabet.test(name)).length;
  return NEW_NAME.test(name) && alphabets <= 1 && name === name.normalize('NFKC') && !/ $| {2}/.test(name);
}

/** What is the same of names that people take for one: `Ada ` and `ada` are those of one person. */
export function foldName(name: string): string {
  return name.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ').trim();
}
