import { draftOfRegistry } from '../../../domain/registry/registry-drafts.ts';
import { namesOf } from '../ledger/principals.ts';
import { setAlias, type AliasOrder } from './aliases.ts';
import { demoteModel, type DemoteOrder } from './demote.ts';
import { setEndpoint, type EndpointOrder } from './endpoints.ts';
import { exportRegistry } from './export-rows.ts';
import { getProduction, getVersion, listModels, listVersions, sampleRegistryRead, type VersionQuery } from './find.ts';
import { goBack, type GoBackOrder } from './go-back.ts';
import { readHistory, readProductionAt } from './history.ts';
import { importRegistry } from './import-rows.ts';
import { describeModel, tagModel, type DescribeOrder, type TagOrder } from './label-model.ts';
import { addDependency, readLineage, type DependOrder, type LineageOrder } from './lineage.ts';
import { MOST_CONFLICTS, openConflicts, shownConflict } from './mlflow/source-conflicts.ts';
import type { RegistryParts } from './parts.ts';
import { promoteModel, type PromoteOrder } from './promote.ts';
import { registerModel, type RegisterOrder } from './register.ts';
import { retireModel, type RetireOrder } from './retire.ts';
import { signerOfVersion, verifyVersion } from './verify-artifact.ts';

/** The model registry in PostgreSQL. Every change and its event in the ledger are one transaction. */
export function createRegistry(parts: RegistryParts) {
  return {
    register: async (order: RegisterOrder, progress?: Parameters<typeof registerModel>[2]) =>
      await registerModel(parts, order, progress),
    version: async (asked: Parameters<typeof getVersion>[1]) => await getVersion(parts, asked),
    versions: async (asked: VersionQuery) => await listVersions(parts, asked),
    models: async (asked: Parameters<typeof listModels>[1]) => await listModels(parts, asked),
    production: async (asked: Parameters<typeof getProduction>[1]) => await getProduction(parts, asked),
    names: async (ids: readonly string[]) => await namesOf(parts.pool, ids),
    promote: async (order: PromoteOrder) => await promoteModel(parts, order),
    goBack: async (order: GoBackOrder) => await goBack(parts, order),
    demote: async (order: DemoteOrder) => await demoteModel(parts, order),
    retire: async (order: RetireOrder) => await retireModel(parts, order),
    alias: async (order: AliasOrder) => await setAlias(parts, order),
    endpoint: async (order: EndpointOrder) => await setEndpoint(parts, order),
    tag: async (order: TagOrder) => await tagModel(parts, order),
    describe: async (order: DescribeOrder) => await describeModel(parts, order),
    verify: async (asked: Parameters<typeof verifyVersion>[1]) => await verifyVersion(parts, asked),
    signer: async (asked: Parameters<typeof signerOfVersion>[1]) => await signerOfVersion(parts, asked),
    history: async (asked: Parameters<typeof readHistory>[1]) => await readHistory(parts, asked),
    productionAt: async (asked: Parameters<typeof readProductionAt>[1]) => await readProductionAt(parts, asked),
    lineage: async (order: LineageOrder) => await readLineage(parts, order),
    depend: async (order: DependOrder) => await addDependency(parts, order),
    async *export({ actor }: { readonly actor: string }) {
      const draft = draftOfRegistry('exported', { resource: 'model', facts: {} }, await parts.principals.actor(actor));
      // Written before anything is given out.
      await parts.ledger.append(draft);
      yield* exportRegistry(parts.pool);
    },
    /** Versions of another registry that could not be taken over, those first that were tried longest ago. */
    async conflicts({ actor }: { readonly actor: string }) {
      await sampleRegistryRead(parts, 'model', { verb: 'conflicts' }, actor);
      return (await openConflicts(parts.pool, { url: null, limit: MOST_CONFLICTS })).map(shownConflict);
    },
    import: async (order: Parameters<typeof importRegistry>[1]) => await importRegistry(parts, order),
  };
}
