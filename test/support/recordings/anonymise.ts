// Takes out of a history what says where it was recorded: the machine, its user, and where files are there.
import { hostname, userInfo } from 'node:os';
import type { Payload } from '@temporalio/common';
import { loadPayloadKeys } from '../../../adapters/temporal/keys.ts';
import { createPayloadCodec } from '../../../adapters/temporal/codec.ts';
import { decodeHistory, encodeHistory, type History } from '../history.ts';

/** What is not told of a machine. */
export interface Names {
  readonly user: string;
  readonly host: string;
  /** Folder of the project that was recorded in. */
  readonly project: string;
}

export const WHOEVER_RECORDS: Omit<Names, 'project'> = { user: userInfo().username, host: hostname() };

/** The start of a path to a file of the program, or of a package that it uses. */
const CHECKOUT =
  /(?<=^|[\s("])(?:file:\/\/)?(?:\/[\w.@-]+)+?\/(?=(?:node_modules|activities|adapters|bin|client|config|domain|workers|workflows)\/)/g;

/** The same history with other words. Payloads are decrypted, and encrypted again under the same key. */
export async function anonymise(history: History, stateDirectory: string, names: Names): Promise<History> {
  const codec = createPayloadCodec(await loadPayloadKeys(stateDirectory));
  const reword = createReworder(names);
  const rewordPayload = async (payload: Payload): Promise<Payload> => {
    const [plain = payload] = await codec.decode([payload]);
    const text = Buffer.from(plain.data ?? []).toString();
    const said = reword(text);
    if (said === text) return payload;
    const [sealed = payload] = await codec.encode([{ ...plain, data: Buffer.from(said) }]);
    return sealed;
  };
  return await mapDeep(decodeHistory(encodeHistory(history)), reword, rewordPayload);
}

/** Every text in a history, payloads as well. */
export async function readWords(history: History, stateDirectory: string): Promise<string[]> {
  const codec = createPayloadCodec(await loadPayloadKeys(stateDirectory));
  const words: string[] = [];
  const note = (text: string): string => {
    words.push(text);
    return text;
  };
  await mapDeep(decodeHistory(encodeHistory(history)), note, async (payload) => {
    const [plain = payload] = await codec.decode([payload]);
    note(Buffer.from(plain.data ?? []).toString());
    return payload;
  });
  return words;
}

function createReworder({ host, project, user }: Names): (text: string) => string {
  const [at, who, folder] = [host, user, project].map((name) => name.replaceAll(/[^\w\s]/g, String.raw`\$&`));
  const words: readonly (readonly [RegExp, string])[] = [
    [new RegExp(String(folder), 'g'), '/project'],
    [CHECKOUT, ''],
    [new RegExp(String.raw`(?<=\d@|"host":")${at}\b`, 'g'), 'host'],
    // As a whole text, or where a sentence says who did it.
    [new RegExp(String.raw`(?<=")${who}(?="(?!:))|(?<=\bby )${who}\b`, 'g'), 'somebody'],
  ];
  return (text) => words.reduce((said, [from, to]) => said.replaceAll(from, to), text);
}

async function mapDeep(
  value: unknown,
  reword: (text: string) => string,
  rewordPayload: (payload: Payload) => Promise<Payload>,
): Promise<unknown> {
  if (typeof value === 'string') return reword(value);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if ('metadata' in value && 'data' in value) return await rewordPayload(value as Payload);
  // Others are numbers of 64 bits.
  if (!Array.isArray(value) && 'unsigned' in value) return value;
  for (const [name, part] of Object.entries(value))
    (value as Record<string, unknown>)[name] = await mapDeep(part, reword, rewordPayload);
  return value;
}
