import { getVersion, listModels, listVersions, namesOf, type VersionQuery } from './find.ts';
import type { RegistryParts } from './parts.ts';
import { registerModel, type RegisterOrder } from './register.ts';

/** The model registry in PostgreSQL. Every change and its event in the ledger are one transaction. */
export function createRegistry(parts: RegistryParts) {
  return {
    register: async (order: RegisterOrder, progress?: Parameters<typeof registerModel>[2]) =>
      await registerModel(parts, order, progress),
    version: async (asked: Parameters<typeof getVersion>[1]) => await getVersion(parts, asked),
    versions: async (asked: VersionQuery) => await listVersions(parts, asked),
    models: async (asked: Parameters<typeof listModels>[1]) => await listModels(parts, asked),
    names: async (ids: readonly string[]) => await namesOf(parts, ids),
  };
}
