import { MlopsError } from '../../domain/errors.ts';
import {
  parseSourceVersion,
  type SourceVersion,
  type VersionSource,
} from '../../domain/registry/mlflow/version-source.ts';
import { createRestClient, type RestClient } from './rest-client.ts';

const PAGE = 500;
/** As often as versions may go there while all of them are read. */
const MOST_READINGS = 10;

/**
 * An MLflow registry. Its pages are offsets: what changes while they are read moves to the front and may come twice; what is deleted
 * moves all that is behind it one place forward, onto a page that was read already. So several pages are read again until
 * everything that was there still is.
 */
export function createVersionSource(address: string, token: string | null, pageSize = PAGE): VersionSource {
  const { host, pathname, protocol } = new URL(address);
  const url = `${protocol}//${host}${pathname.replace(/\/+$/, '')}`;
  const client = createRestClient(url, token);
  return {
    url,
    ledger: async () => (await client.get('model-versions/search', { max_results: '1' })).ledger,
    version: async (model, ordinal) => {
      const given = await client.find('model-versions/get', { name: model, version: String(ordinal) });
      return given === null ? null : requireVersion(url, given.body['model_version'], 'answers with');
    },
    changedSince: async (since) => {
      let before: Reading | null = null;
      for (let count = 0; count < MOST_READINGS; count += 1) {
        const reading = await readAll({ client, url, pageSize }, since);
        // One answer is of one moment.
        if (reading.pages === 1 || (before !== null && isWhole(before, reading))) return [...reading.versions.values()];
        before = reading;
      }
      const problem = 'versions are deleted all the time while it is read';
      throw new MlopsError('REGISTRY_SOURCE_FAILED', { url, problem });
    },
  };
}

/** What pages came to that were read one after the other. */
interface Reading {
  readonly versions: ReadonlyMap<string, SourceVersion>;
  readonly pages: number;
}

async function readAll(
  { client, pageSize, url }: { readonly client: RestClient; readonly url: string; readonly pageSize: number },
  since: number,
): Promise<Reading> {
  const versions = new Map<string, SourceVersion>();
  const tokens = new Set<string>();
  let [pages, token] = [0, ''];
  const asked = { max_results: String(pageSize), order_by: 'last_updated_timestamp DESC' };
  do {
    const { body } = await client.get('model-versions/search', token === '' ? asked : { ...asked, page_token: token });
    pages += 1;
    const found: unknown[] = Array.isArray(body['model_versions']) ? body['model_versions'] : [];
    for (const given of found) {
      const version = requireVersion(url, given, 'lists');
      if (version.changedAt < since) return { versions, pages };
      // The first is the newest that was seen.
      if (!versions.has(keyOf(version))) versions.set(keyOf(version), version);
    }
    const next = body['next_page_token'];
    token = typeof next === 'string' ? next : '';
    // A proxy that knows no page tokens gives the first page for ever.
    if (tokens.has(token))
      throw new MlopsError('REGISTRY_SOURCE_FAILED', { url, problem: 'its pages lead back to one that was read' });
    tokens.add(token);
  } while (token !== '');
  return { versions, pages };
}

/** @throws REGISTRY_SOURCE_FAILED */
function requireVersion(url: string, given: unknown, does: 'answers with' | 'lists'): SourceVersion {
  const version = parseSourceVersion(given);
  if (version !== null) return version;
  throw new MlopsError('REGISTRY_SOURCE_FAILED', { url, problem: `it ${does} something that is no version` });
}

function keyOf({ createdAt, model, ordinal }: SourceVersion): string {
  return `${model}/${ordinal}@${createdAt}`;
}

/** Nothing has gone since the reading before, and nothing came to light but what is newer than all of that. */
function isWhole({ versions: before }: Reading, { versions }: Reading): boolean {
  const newest = before.values().reduce((latest, { changedAt }) => Math.max(latest, changedAt), 0);
  return (
    [...before.keys()].every((key) => versions.has(key)) &&
    [...versions].every(([key, { changedAt }]) => before.has(key) || changedAt >= newest)
  );
}
