import { expect } from 'vitest';
import type { Queries } from '../../adapters/postgres/query.ts';
import { isEventType } from '../../domain/governance/event-types.ts';

/** Whoever asks for a type that is not known is refused: so all that there are must be. */
export async function expectKnownTypes(queries: Queries): Promise<void> {
  const { rows } = await queries.query<{ type: string }>('SELECT DISTINCT type FROM ledger_event ORDER BY type');
  expect(rows.length).toBeGreaterThan(5);
  expect(rows.map(({ type }) => type).filter((type) => !isEventType(type))).toEqual([]);
}
