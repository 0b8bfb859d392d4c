type Values = Readonly<Record<string, string | number | boolean>>;

/** What may stand in the log for good: an id, a version, a code. No blanks, which words have, and no `@`, which addresses have. */
const CODE = /^[\w./:+-]{0,200}$/;

/** Parts of names of what is about people, or said by them, whatever it looks like. */
const PERSONAL = new Set([
  'address',
  'author',
  'by',
  'comment',
  'contact',
  'email',
  'mail',
  'note',
  'notes',
  'owner',
  'person',
  'phone',
  'reason',
  'user',
  'username',
]);

/** Where texts were sealed before. */
const PLACE = /^ledger:\d+$/;

/** Parts of a name: `approvedBy` and `approved_by` have the same. */
const BOUNDARY = /[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/;

/** Tells what of metadata stays in the log as it is, and what is sealed since it is free text or about somebody. */
export function separateTexts(metadata: Values): {
  readonly facts: Values;
  readonly texts: Readonly<Record<string, string>>;
} {
  const entries = Object.entries(metadata);
  const texts = entries.filter((entry): entry is [string, string] => isSealed(entry));
  return {
    facts: Object.fromEntries(entries.filter((entry) => !isSealed(entry))),
    texts: Object.fromEntries(texts),
  };
}

function isSealed([name, value]: readonly [string, string | number | boolean]): boolean {
  if (typeof value !== 'string' || PLACE.test(value)) return false;
  return !CODE.test(value) || name.split(BOUNDARY).some((part) => PERSONAL.has(part.toLowerCase()));
}
