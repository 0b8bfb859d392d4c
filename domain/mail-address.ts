/** Something before an `@`, and behind it a domain with a dot, which no version has: it would end in letters and begin with numbers. */
const MAIL_ADDRESS = /[^\s@]@(?!v?\d+\.\d)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/i;

/** Whether a text has a mail address in it: `ada@example.org`; `rag_api@2.1.0` is none. */
export function hasMailAddress(text: string): boolean {
  return MAIL_ADDRESS.test(text);
}
