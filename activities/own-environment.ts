import { MlopsError } from '../domain/errors.ts';

type Activities = Record<string, (...args: never[]) => Promise<unknown>>;

/** What an order says of where it is for, itself or in what was asked for. */
interface Placed {
  readonly environment?: unknown;
  readonly request?: { readonly environment?: unknown };
}

/**
 * Wraps activities so that they do nothing for another environment. A worker has the gateway and the registry of one; a workflow says
 * which one it is for, and anybody who reaches the engine may start one: where a cluster is shared, an order for another environment
 * must not move the users of this one.
 *
 * @throws ENVIRONMENT_FOREIGN
 */
export function inOwnEnvironment<T extends Activities>(own: string, activities: T): T {
  const wrapped = Object.entries(activities).map(([name, run]) => [
    name,
    async (...args: never[]): Promise<unknown> => {
      const [order] = args as readonly (Placed | null | undefined)[];
      const asked = order?.environment ?? order?.request?.environment;
      if (asked !== undefined) assertOwnEnvironment(own, asked);
      return await run(...args);
    },
  ]);
  return Object.fromEntries(wrapped) as T;
}

/** @throws ENVIRONMENT_FOREIGN */
export function assertOwnEnvironment(own: string, asked: unknown): void {
  if (asked !== own) throw new MlopsError('ENVIRONMENT_FOREIGN', { asked, own });
}
