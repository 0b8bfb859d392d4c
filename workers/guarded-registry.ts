import type { CurrentIdentity } from '../adapters/identity/own-identity.ts';
import type { Authority } from '../adapters/postgres/identity/authority.ts';
import type { createRegistry } from '../adapters/postgres/registry/registry.ts';
import { resourceOfAsked } from '../domain/registry/resource-names.ts';

type Registry = ReturnType<typeof createRegistry>;

/** What every call of the registry has. */
interface Acted {
  readonly actor: string;
  readonly model?: string;
}

/** A verb without the actor that it is done by: who that is says the guard. One that names its actor itself is none, and does not compile. */
type Guarded<Verb> = Verb extends (order: infer Order extends Acted, ...rest: infer Rest) => infer Result
  ? (order: Omit<Order, 'actor'>, ...rest: Rest) => Result
  : Verb;

/** The registry as one identity may use it: what it asks for is claimed, and signed where there is a key; who it is comes from there. */
export function guardRegistry(registry: Registry, authority: Authority, identity: CurrentIdentity) {
  const may = async (action: string, model: string | undefined, content: unknown): Promise<string> => {
    const asked = { action, resource: resourceOfAsked(model), content };
    const claim = identity.claim(asked);
    await authority.authorise(claim, asked);
    return claim.actor;
  };
  const guarded =
    <Order extends Acted, Rest extends unknown[], Result>(
      action: string,
      call: (order: Order, ...rest: Rest) => Promise<Result>,
    ) =>
    async (order: Omit<Order, 'actor'>, ...rest: Rest): Promise<Result> => {
      const actor = await may(action, order.model, order);
      return await call({ ...order, actor } as Order, ...rest);
    };
  return {
    // Asked on the way to what is guarded: the version that is believed to be in production, and what ids mean.
    production: registry.production,
    names: registry.names,
    register: guarded('model.register', registry.register),
    version: guarded('model.read', registry.version),
    versions: guarded('model.read', registry.versions),
    models: guarded('model.read', registry.models),
    history: guarded('model.read', registry.history),
    productionAt: guarded('model.read', registry.productionAt),
    lineage: guarded('model.read', registry.lineage),
    conflicts: async () => await registry.conflicts({ actor: await may('model.read', undefined, null) }),
    verify: guarded('model.read', registry.verify),
    signer: guarded('model.read', registry.signer),
    promote: guarded('model.promote', registry.promote),
    goBack: guarded('model.promote', registry.goBack),
    demote: guarded('model.demote', registry.demote),
    retire: guarded('model.retire', registry.retire),
    alias: guarded('model.alias', registry.alias),
    endpoint: guarded('model.endpoint', registry.endpoint),
    tag: guarded('model.tag', registry.tag),
    describe: guarded('model.tag', registry.describe),
    depend: guarded('model.register', registry.depend),
    async *export() {
      yield* registry.export({ actor: await may('model.export', undefined, null) });
    },
    // The lines are read while they are put in: what is signed is that an import is wanted.
    import: async (order: { readonly lines: AsyncIterable<string> }) =>
      await registry.import({ ...order, actor: await may('model.import', undefined, null) }),
    // Every verb is named above: one that is new is none of anybody until its guard is.
  } satisfies { [Verb in keyof Registry]: Guarded<Registry[Verb]> };
}
