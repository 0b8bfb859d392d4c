import { MlopsError } from '../domain/errors.ts';
import { parseHandOver, type HandOverOrder } from '../domain/registry/approval/hand-over.ts';
import { assertOwnEnvironment } from './own-environment.ts';

/** What came of it. */
export interface HandedOver {
  /** Until when it holds (ISO 8601, UTC); null for what was taken back. */
  readonly until: string | null;
  /** How many rights that were. */
  readonly count: number;
}

/** Port: rights to decide that people hand over. */
export interface HandOvers {
  /**
   * Verifies who signs and whether they may, and writes it; once, however often it is asked.
   *
   * @param receivedAt ISO 8601: when the order came
   * @throws NOT_AUTHENTICATED, NOT_AUTHORISED, ENVIRONMENT_FOREIGN, APPROVAL_NOT_FOUND, APPROVAL_REFUSED, DELEGATION_INVALID, DATABASE_UNREACHABLE, LEDGER_CLOSED
   */
  write(order: HandOverOrder, receivedAt: string): Promise<HandedOver>;
}

/** A right is handed over by who has it, and by nobody who merely can write to the database. */
export function createHandOverActivities({
  environment,
  handOvers,
}: {
  readonly environment: string;
  readonly handOvers: HandOvers;
}) {
  return {
    /** @throws as `HandOvers.write` */
    async handOver(given: HandOverOrder & { readonly receivedAt: string }): Promise<HandedOver> {
      const order = parseHandOver(given);
      if (typeof order === 'string') throw new MlopsError('DELEGATION_INVALID', { problem: order });
      assertOwnEnvironment(environment, order.environment);
      return await handOvers.write(order, given.receivedAt);
    },
  };
}
