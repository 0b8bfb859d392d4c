import { readFile } from 'node:fs/promises';
import type { Credentials } from './sign-request.ts';

/**
 * Credentials of a file in the form of ~/.aws/credentials (profile `default`), or of the environment. They are read at each use, so
 * that renewed ones count.
 *
 * @throws Error that says what is missing, and none of what is there
 */
export async function readCredentials(
  file: string | null,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Credentials> {
  const values = file === null ? env : parseProfile(await readFile(file, 'utf8'));
  const [accessKey, secretKey] = [values['AWS_ACCESS_KEY_ID'], values['AWS_SECRET_ACCESS_KEY']];
  const where = file ?? 'the environment';
  if (accessKey === undefined || accessKey === '') throw new Error(`there is no AWS_ACCESS_KEY_ID in ${where}`);
  if (secretKey === undefined || secretKey === '') throw new Error(`there is no AWS_SECRET_ACCESS_KEY in ${where}`);
  return { accessKey, secretKey, sessionToken: values['AWS_SESSION_TOKEN'] ?? null };
}

/** The profile `default`, by the names of the variables. */
function parseProfile(text: string): Readonly<Record<string, string>> {
  let profile = 'default';
  const values: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const [, name] = /^\s*\[\s*([^\]]+?)\s*\]\s*$/.exec(line) ?? [];
    if (name !== undefined) profile = name;
    const [, key, value] = /^\s*(aws_\w+)\s*=\s*(.*?)\s*$/i.exec(line) ?? [];
    if (profile === 'default' && key !== undefined && value !== undefined) values[key.toUpperCase()] = value;
  }
  return values;
}
