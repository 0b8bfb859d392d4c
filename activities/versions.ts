import type { RolloutRequest } from '../domain/rollout/run.ts';
import { alive } from './alive.ts';
import type { AdmittedVersions, VersionRegistry } from './ports.ts';

/** What a rollout and the registry have to do with one another. */
export function createVersionActivities({ versions }: { readonly versions: VersionRegistry }) {
  return {
    /**
     * Whether the registry lets these versions be rolled out: both registered and where it says, the new one approved and its artifact
     * verified now.
     *
     * @throws PREFLIGHT_VERSION
     */
    async examineVersions({ request }: { readonly request: RolloutRequest }): Promise<AdmittedVersions> {
      const { canary, environment, model, stable } = request;
      return await alive(async () => await versions.admit({ environment, model, stable, canary }));
    },

    /** The stage follows the traffic. Returns what was done, in words. @throws what a promotion in the registry throws */
    async promoteVersion(order: StageOrder): Promise<string> {
      return await alive(async () => await versions.promote(order));
    },

    /**
     * The traffic did not follow: the stage goes back. Returns what was done, in words, in the same ones when it was done by an attempt
     * whose answer was lost; null when there was nothing to do.
     */
    async restoreVersion(order: RestoreOrder): Promise<string | null> {
      return await alive(async () => await versions.restore(order));
    },
  };
}

/** Which version of a rollout enters production in the registry. */
export interface StageOrder {
  readonly model: string;
  readonly version: string;
  /** What was in production when the rollout began; null for none. */
  readonly production: string | null;
  readonly approvalId: string | null;
  readonly actor: string;
  /** Of the rollout that it follows; absent in orders of before it was kept. */
  readonly rolloutKey?: string;
}

/** Which version leaves it again. */
export interface RestoreOrder extends StageOrder {
  /** Names this order within its rollout: it is carried out once. Absent in orders of before it was kept. */
  readonly key?: string;
}
