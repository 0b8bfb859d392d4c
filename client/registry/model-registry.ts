import type {
  AliasOutcome,
  DescribeOutcome,
  EndpointOutcome,
  HistoryPage,
  RegisteredVersion,
  StageChangeRecord,
  StageOutcome,
  TagOutcome,
  VerifiedArtifact,
  VersionPage,
  VersionRecord,
} from '../../domain/registry/records.ts';
import type { Lineage } from '../../domain/registry/lineage.ts';
import type { RegistrationOrder } from '../../domain/registry/registration.ts';
import type { Registry } from '../registry-port.ts';

/** A version by its number or an alias. */
interface Named {
  readonly model: string;
  readonly version: string;
}

/** Why something is done; sealed in the ledger. */
interface Why {
  readonly reason?: string;
}

/**
 * The model registry for TypeScript programs; the errors are those of the port (client/registry-port.ts). Who acts is who runs the
 * program, never a text of the call.
 */
export interface ModelRegistry {
  /**
   * Registers a version, once. `stage: 'production'` notes that it is wanted there: it is registered in development and still needs
   * every step and approval.
   */
  registerModel(
    order: RegistrationOrder & { readonly artifact?: string; readonly stage?: 'development' | 'production' },
  ): Promise<RegisteredVersion>;
  /**
   * One stage up. Without `expectedProduction` it is what is in production now. `awaiting` of the outcome says which approval is
   * missing.
   */
  promoteModel(
    order: Named &
      Why & {
        readonly to: 'staging' | 'production';
        readonly approvalId?: string;
        readonly expectedProduction?: string | null;
      },
  ): Promise<StageOutcome>;
  /** Back to the last production version that can be verified, in one act. */
  goBack(order: Why & { readonly model: string; readonly approvalId?: string }): Promise<StageOutcome>;
  /** Refused while users are served by it, unless it is only deprecated. */
  demoteModel(order: Named & Why & { readonly to: 'development' | 'staging' | 'deprecated' }): Promise<StageOutcome>;
  retireModel(order: Named & Why): Promise<StageOutcome>;
  /** Null removes the alias. */
  setAlias(
    order: Why & {
      readonly model: string;
      readonly alias: string;
      readonly version: string | null;
      readonly approvalId?: string;
    },
  ): Promise<AliasOutcome>;
  /** Where the version answers in this environment; null: nowhere any more. The next rollout goes there. */
  setEndpoint(order: Named & Why & { readonly endpoint: string | null }): Promise<EndpointOutcome>;
  /** Of a version, or of the model where none is named. */
  tagModel(order: {
    readonly model: string;
    readonly version?: string;
    readonly set?: Readonly<Record<string, string>>;
    readonly unset?: readonly string[];
  }): Promise<TagOutcome>;
  /** Says what a version is in words, or the model where none is named. */
  describeModel(order: {
    readonly model: string;
    readonly version?: string;
    readonly text: string;
  }): Promise<DescribeOutcome>;
  getVersion(order: Named): Promise<VersionRecord>;
  /** Highest precedence first; `after` is the cursor of the page before. */
  listVersions(order: {
    readonly model: string;
    readonly after?: string;
    readonly limit?: number;
  }): Promise<VersionPage>;
  verifyArtifact(order: Named): Promise<VerifiedArtifact>;
  lineage(order: Named & { readonly direction: 'upstream' | 'downstream'; readonly depth?: number }): Promise<Lineage>;
  history(order: { readonly model: string; readonly after?: number; readonly limit?: number }): Promise<HistoryPage>;
  /** The transition by which a version was in production then. */
  productionAt(order: { readonly model: string; readonly at: Date }): Promise<StageChangeRecord | null>;
}

const PAGE = 100;
const DEPTH = 10;

/** The registry of a program. It is opened when it is first asked. */
export function createModelRegistry(open: () => Promise<Registry>): ModelRegistry {
  return {
    registerModel: async ({ artifact = null, stage = 'development', ...registration }) =>
      await (await open()).register({ registration, artifactPath: artifact, wantsProduction: stage === 'production' }),
    promoteModel: async ({ approvalId = null, expectedProduction, model, reason = '', to, version }) => {
      const registry = await open();
      const expected = expectedProduction === undefined ? await registry.production({ model }) : expectedProduction;
      return await registry.promote({
        model,
        version,
        to,
        approvalId,
        expectedProduction: expected,
        reason,
      });
    },
    goBack: async ({ approvalId = null, model, reason = '' }) => {
      const registry = await open();
      const expectedProduction = await registry.production({ model });
      return await registry.goBack({ model, approvalId, expectedProduction, reason });
    },
    demoteModel: async ({ reason = '', ...order }) => await (await open()).demote({ ...order, reason }),
    retireModel: async ({ reason = '', ...order }) => await (await open()).retire({ ...order, reason }),
    setAlias: async ({ approvalId = null, reason = '', ...order }) =>
      await (await open()).alias({ ...order, approvalId, reason }),
    setEndpoint: async ({ reason = '', ...order }) => await (await open()).endpoint({ ...order, reason }),
    tagModel: async ({ model, set = {}, unset = [], version = null }) =>
      await (await open()).tag({ model, version, set, unset }),
    describeModel: async ({ model, text, version = null }) =>
      await (await open()).describe({ model, version, description: text }),
    getVersion: async (order) => await (await open()).version(order),
    listVersions: async ({ after = null, limit = PAGE, model }) =>
      await (await open()).versions({ model, after, limit, stage: null, withRetired: false }),
    verifyArtifact: async (order) => await (await open()).verify(order),
    lineage: async ({ depth = DEPTH, direction, ...start }) =>
      await (await open()).lineage({ start, direction, depth }),
    history: async ({ after = null, limit = PAGE, model }) => await (await open()).history({ model, after, limit }),
    productionAt: async (order) => await (await open()).productionAt(order),
  };
}
