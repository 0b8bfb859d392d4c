import { textOf, textsOf, type Fields } from '../../../domain/registry/mlflow/fields.ts';
import { KEY_KINDS, type SortStep } from '../../../domain/registry/mlflow/order.ts';
import { pageTokenOf, parsePageToken } from '../../../domain/registry/mlflow/page-token.ts';

type Token = ReturnType<typeof parsePageToken>;

/**
 * One page of a search. A token goes on with the very search that gave it: it is bound to what is searched, by which filter, in
 * which order.
 */
export async function searchPage<Found>(
  fields: Fields,
  kind: 'models' | 'versions',
  parseOrder: (orderBy: string[]) => readonly SortStep[],
  search: (
    filter: string,
    order: readonly SortStep[],
    after: Token,
  ) => Promise<{ readonly end: Parameters<typeof pageTokenOf>[0] | null; readonly found: readonly Found[] }>,
): Promise<{ readonly found: readonly Found[]; readonly next: { readonly next_page_token?: string } }> {
  const [filter, orderBy] = [textOf(fields, 'filter'), textsOf(fields, 'order_by')];
  const query = JSON.stringify([kind, filter, orderBy]);
  const order = parseOrder(orderBy);
  const kinds = order.map(({ key }) => KEY_KINDS[key]);
  const { end, found } = await search(filter, order, parsePageToken(textOf(fields, 'page_token'), query, kinds));
  return { found, next: end === null ? {} : { next_page_token: pageTokenOf(end, query) } };
}
