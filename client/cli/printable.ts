/** The colours of ours: client/cli/rollout/paint.ts. */
const PAINT = String.raw`\u001B\[(?:1|2|22|31|32|39)m`;
/** Control characters but for line ends and tabs, and what turns the direction of the text behind it. */
const POWERFUL = String.raw`[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]`;
const PLAIN_TEXT = new RegExp(POWERFUL, 'g');
const PAINTED_TEXT = new RegExp(`(${PAINT})|${POWERFUL}`, 'g');

/**
 * A text for people in which what others wrote (a description, a reason, an answer of a server) moves no cursor, hides no line and turns
 * none around: such characters are written as escapes, as JSON has them.
 *
 * @param isPainted our own colours stay
 */
export function printable(text: string, isPainted = false): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(isPainted ? PAINTED_TEXT : PLAIN_TEXT, (character: string, paint?: unknown) =>
      isPainted && typeof paint === 'string' ? paint : escapeOf(character),
    );
}

/** What others wrote, in a line of ours: with line ends in it, it would pass for lines of ours. */
export function inOneLine(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(/[\n\r]/g, escapeOf);
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
