import { MlopsError } from '../../domain/errors.ts';
import { parseSourceVersion, type VersionSource } from '../../domain/registry/mlflow/version-source.ts';
import { createRestClient } from './rest-client.ts';

const PAGE = '500';

/**
 * An MLflow registry. Its pages are offsets: what changes while they are read moves to the front, so that something may come twice,
 * and nothing is passed over.
 */
export function createVersionSource(address: string, token: string | null): VersionSource {
  const { host, pathname, protocol } = new URL(address);
  const url = `${protocol}//${host}${pathname.replace(/\/+$/, '')}`;
  const client = createRestClient(url, token);
  return {
    url,
    ledger: async () => (await client.get('model-versions/search', { max_results: '1' })).ledger,
    async *changedSince(since) {
      for (let token: string | null = ''; token !== null;) {
        const asked = { max_results: PAGE, order_by: 'last_updated_timestamp DESC' };
        const { body: page } = await client.get(
          'model-versions/search',
          token === '' ? asked : { ...asked, page_token: token },
        );
        const found: unknown[] = Array.isArray(page['model_versions']) ? page['model_versions'] : [];
        for (const given of found) {
          const version = parseSourceVersion(given);
          if (version === null)
            throw new MlopsError('REGISTRY_SOURCE_FAILED', { url, problem: 'it lists something that is no version' });
          if (version.changedAt < since) return;
          yield version;
        }
        const next = page['next_page_token'];
        token = typeof next === 'string' && next !== '' ? next : null;
      }
    },
  };
}
