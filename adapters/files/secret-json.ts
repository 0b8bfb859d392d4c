/** JSON of a file with secrets. What is wrong with it is not said in words of the file, as a parser does. @throws Error */
export function parseSecretJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('it is no JSON');
  }
}
