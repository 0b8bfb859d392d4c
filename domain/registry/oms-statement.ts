import { listOf, objectOf, parseJsonObject, type JsonObject } from '../json-object.ts';
import { broken, foreign, type OmsPrimitives, type OmsProblem } from './oms-primitives.ts';

/** How content is digested. `blake2b`: 64 bytes, without a key */
export type OmsHash = 'sha256' | 'blake2b';

/** What was signed about a folder. */
export interface OmsStatement {
  readonly hash: OmsHash;
  /** Bytes of each part of a file but its last; null: files are digested whole */
  readonly shardBytes: number | null;
  /** Files by their path, or parts of files by `<path>:<first byte>:<byte after the last>` */
  readonly resources: readonly { readonly name: string; readonly digest: string }[];
  /** Files and folders that the signature says nothing of */
  readonly ignoredPaths: readonly string[];
}

const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
const PREDICATE_TYPE = 'https://model_signing/signature/v1.0';
const OLDER_PREDICATES = /^https:\/\/model_signing\/(Digests|signature\/v0)/;
const DIGESTS: Readonly<Record<OmsHash, RegExp>> = { sha256: /^[0-9a-f]{64}$/, blake2b: /^[0-9a-f]{128}$/ };

/** Reads what was signed, and checks that it fits itself. `text` is null where the signed bytes are no text. */
export function parseOmsStatement(primitives: OmsPrimitives, text: string | null): OmsStatement | OmsProblem {
  const statement = text === null ? null : parseJsonObject(text);
  if (statement === null) return foreign('its payload is not JSON');
  if (statement['_type'] !== STATEMENT_TYPE) return foreign('its payload is not an in-toto statement');
  const predicateType = statement['predicateType'];
  if (predicateType !== PREDICATE_TYPE) return foreign(describePredicate(predicateType));
  const predicate = objectOf(statement['predicate']);
  const serialization = parseSerialization(objectOf(predicate['serialization']));
  if ('problem' in serialization) return serialization;
  const resources = listOf(predicate['resources']).map((one) => resourceOf(objectOf(one), serialization));
  const sound = resources.filter((resource) => resource !== null);
  if (sound.length === 0 || sound.length < resources.length) return broken('its list of files is not valid');
  if (new Set(sound.map(({ name }) => name)).size < sound.length) return broken('it names a file twice');
  const subjects = listOf(statement['subject']);
  const root = objectOf(objectOf(subjects[0])['digest'])['sha256'];
  if (subjects.length !== 1 || root !== primitives.sha256(sound.map(({ digest }) => primitives.fromHex(digest))))
    return broken('its digest is not that of its list of files');
  return { ...serialization, resources: sound };
}

function describePredicate(type: unknown): string {
  const found = `its predicate is ${JSON.stringify(type)}, wanted ${PREDICATE_TYPE}`;
  const isOlder = typeof type === 'string' && OLDER_PREDICATES.test(type);
  return isOlder ? `${found}: a release of model-signing before 1.0 made it; sign again with a newer one` : found;
}

function parseSerialization(said: JsonObject): Omit<OmsStatement, 'resources'> | OmsProblem {
  const { hash_type: hash, ignore_paths: ignored, method, shard_size: shardBytes } = said;
  const isFiles = method === 'files';
  if ((!isFiles && method !== 'shards') || (hash !== 'sha256' && hash !== 'blake2b'))
    return foreign(
      `it is over ${String(method)} by ${String(hash)}, supported are files and shards by sha256 or blake2b`,
    );
  if (!isFiles && !(Number.isSafeInteger(shardBytes) && (shardBytes as number) > 0))
    return broken(`its shards have ${String(shardBytes)} bytes, wanted a whole number`);
  return {
    hash,
    shardBytes: isFiles ? null : (shardBytes as number),
    ignoredPaths: listOf(ignored).filter((path) => typeof path === 'string' && path !== '') as string[],
  };
}

function resourceOf(
  { algorithm, digest, name }: JsonObject,
  { hash, shardBytes }: Pick<OmsStatement, 'hash' | 'shardBytes'>,
): OmsStatement['resources'][number] | null {
  const wanted = shardBytes === null ? hash : `${hash}-sharded-${shardBytes}`;
  const isSound =
    algorithm === wanted && typeof name === 'string' && typeof digest === 'string' && DIGESTS[hash].test(digest);
  return isSound ? { name, digest } : null;
}
