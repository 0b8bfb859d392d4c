import { setAlias, type AliasOrder } from './aliases.ts';
import { demoteModel, type DemoteOrder } from './demote.ts';
import { getProduction, getVersion, listModels, listVersions, namesOf, type VersionQuery } from './find.ts';
import { goBack, type GoBackOrder } from './go-back.ts';
import { readHistory, readProductionAt } from './history.ts';
import type { RegistryParts } from './parts.ts';
import { promoteModel, type PromoteOrder } from './promote.ts';
import { registerModel, type RegisterOrder } from './register.ts';
import { retireModel, type RetireOrder } from './retire.ts';
import { verifyVersion } from './verify-artifact.ts';

/** The model registry in PostgreSQL. Every change and its event in the ledger are one transaction. */
export function createRegistry(parts: RegistryParts) {
  return {
    register: async (order: RegisterOrder, progress?: Parameters<typeof registerModel>[2]) =>
      await registerModel(parts, order, progress),
    version: async (asked: Parameters<typeof getVersion>[1]) => await getVersion(parts, asked),
    versions: async (asked: VersionQuery) => await listVersions(parts, asked),
    models: async (asked: Parameters<typeof listModels>[1]) => await listModels(parts, asked),
    production: async (asked: Parameters<typeof getProduction>[1]) => await getProduction(parts, asked),
    names: async (ids: readonly string[]) => await namesOf(parts, ids),
    promote: async (order: PromoteOrder) => await promoteModel(parts, order),
    goBack: async (order: GoBackOrder) => await goBack(parts, order),
    demote: async (order: DemoteOrder) => await demoteModel(parts, order),
    retire: async (order: RetireOrder) => await retireModel(parts, order),
    alias: async (order: AliasOrder) => await setAlias(parts, order),
    verify: async (asked: Parameters<typeof verifyVersion>[1]) => await verifyVersion(parts, asked),
    history: async (asked: Parameters<typeof readHistory>[1]) => await readHistory(parts, asked),
    productionAt: async (asked: Parameters<typeof readProductionAt>[1]) => await readProductionAt(parts, asked),
  };
}
