import { MlopsError } from '../../domain/errors.ts';
import { completeDependency } from '../../domain/registry/dependency.ts';
import type { Lineage } from '../../domain/registry/lineage.ts';
import type { Bom } from '../../domain/registry/model-bom.ts';
import type {
  AliasOutcome,
  DescribeOutcome,
  EndpointOutcome,
  HistoryPage,
  ModelPage,
  RegisteredVersion,
  StageChangeRecord,
  StageOutcome,
  TagOutcome,
  VerifiedArtifact,
  VersionPage,
  VersionRecord,
} from '../../domain/registry/records.ts';
import { parseInput } from '../parse-input.ts';
import type { Registry } from '../registry-port.ts';
import { readBom } from './read-bom.ts';
import * as input from './registry-input.ts';

/**
 * The model registry for programs: what the commands of `model` do. Who acts is who runs the program, never a text of the call. Every verb may
 * throw USAGE_INVALID, NOT_AUTHENTICATED, NOT_AUTHORISED, LEDGER_CLOSED and DATABASE_UNREACHABLE.
 */
export interface ModelRegistry {
  /**
   * Registers a version, once; the same content again changes nothing. `stage: 'production'` notes that it is wanted there: it is
   * registered in development and still needs every step and approval.
   *
   * @throws REGISTRATION_INVALID, VERSION_CONFLICT, VERSION_RETIRED, DEPENDENCY_UNKNOWN, DEPENDENCY_CYCLE
   */
  registerModel(order: input.RegisterModelOrder): Promise<RegisteredVersion>;
  /**
   * One stage up. `awaiting` of the outcome says which approval is missing.
   *
   * @throws VERSION_NOT_FOUND, VERSION_RETIRED, TRANSITION_ILLEGAL, STAGE_CONFLICT, ARTIFACT_MISSING, ARTIFACT_MISMATCH,
   *   INDEX_MISMATCH, APPROVAL_NOT_GRANTED
   */
  promoteModel(order: input.PromoteModelOrder): Promise<StageOutcome>;
  /** Back to the last production version that can be verified, in one act. @throws as promoteModel, and PREVIOUS_UNKNOWN */
  goBack(order: input.GoBackOrder): Promise<StageOutcome>;
  /**
   * One stage back, or out of new use. Refused while users are served by it, unless it is only deprecated.
   *
   * @throws VERSION_NOT_FOUND, TRANSITION_ILLEGAL, DEMOTE_REFUSED, ROUTER_UNREACHABLE
   */
  demoteModel(order: input.DemoteModelOrder): Promise<StageOutcome>;
  /** Out of use for good. @throws VERSION_NOT_FOUND, RETIRE_REFUSED */
  retireModel(order: input.VersionInput & input.Why): Promise<StageOutcome>;
  /**
   * Makes an alias mean a version.
   *
   * @throws VERSION_NOT_FOUND, VERSION_RETIRED, ALIAS_PROTECTED, ARTIFACT_MISSING, ARTIFACT_MISMATCH, APPROVAL_NOT_GRANTED
   */
  setAlias(order: input.AliasInput): Promise<AliasOutcome>;
  /**
   * Says where the version answers in this environment. The next rollout goes there.
   *
   * @throws VERSION_NOT_FOUND, VERSION_RETIRED, ENDPOINT_NOT_ALLOWED
   */
  setEndpoint(order: input.EndpointInput): Promise<EndpointOutcome>;
  /** Sets tags and takes others away: of a version, or of the model where none is named. @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, ALIAS_NOT_FOUND */
  tagModel(order: input.TagInput): Promise<TagOutcome>;
  /** Says what a version is in words, or the model where none is named. @throws as tagModel */
  describeModel(order: input.DescribeInput): Promise<DescribeOutcome>;
  /** One version with everything that is known of it. @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, ALIAS_NOT_FOUND */
  getVersion(order: input.VersionInput): Promise<VersionRecord>;
  /** Versions of a model, highest precedence first. @throws MODEL_NOT_FOUND */
  listVersions(order: input.VersionsInput): Promise<VersionPage>;
  /** Models, by name. */
  listModels(order?: input.PageInput): Promise<ModelPage>;
  /** Reads the artifact again, all of it. @throws VERSION_NOT_FOUND, ARTIFACT_MISSING */
  verifyArtifact(order: input.VersionInput): Promise<VerifiedArtifact>;
  /**
   * The bill of materials of a version as CycloneDX 1.6, with a model card: what the version is, and what it directly rests on. What says the
   * same has the same serial number.
   *
   * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, ALIAS_NOT_FOUND, ARTIFACT_STORE_UNUSABLE, SIGNER_KEY_INVALID, SIGNER_ROOT_INVALID
   */
  bom(order: input.VersionInput): Promise<Bom>;
  /** What a version rests on, or what rests on it. @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND */
  lineage(order: input.VersionInput & input.LineageWay): Promise<Lineage>;
  /** The same from something that versions rest on, registered here or not: a dataset, an index, a commit. */
  lineageOfDependency(order: input.DependencyInput & input.LineageWay): Promise<Lineage>;
  /**
   * Adds what a version rests on, when that becomes known later; false when it was known.
   *
   * @throws REGISTRATION_INVALID, VERSION_NOT_FOUND, VERSION_RETIRED, DEPENDENCY_UNKNOWN, DEPENDENCY_CYCLE
   */
  addDependency(order: input.VersionInput & input.DependencyInput): Promise<boolean>;
  /** Transitions of a model's versions, newest first. @throws MODEL_NOT_FOUND */
  history(order: input.HistoryInput): Promise<HistoryPage>;
  /** The transition by which a version was in production then; null when none was. @throws MODEL_NOT_FOUND */
  productionAt(order: input.MomentInput): Promise<StageChangeRecord | null>;
}

const PAGE = 100;
const DEPTH = 10;

/** The registry for the command line and for programs. It is opened when it is first asked. */
export function createModelRegistry(open: () => Promise<Registry>): ModelRegistry {
  return { ...createChanges(open), ...createReadings(open) };
}

type Changes =
  | 'registerModel'
  | 'promoteModel'
  | 'goBack'
  | 'demoteModel'
  | 'retireModel'
  | 'setAlias'
  | 'setEndpoint'
  | 'tagModel'
  | 'describeModel'
  | 'addDependency';

function createChanges(open: () => Promise<Registry>): Pick<ModelRegistry, Changes> {
  const orderOf = async (order: input.GoBackOrder) => {
    const { approvalId = null, expectedProduction, model, reason = '' } = order;
    const current = async () => await (await open()).production({ model });
    const expected = expectedProduction === undefined ? await current() : expectedProduction;
    return { model, approvalId, expectedProduction: expected, reason };
  };
  return {
    registerModel: async (order) => {
      const read = parseInput('registry.registerModel', input.REGISTER, order);
      const { artifact = null, stage = 'development', ...registration } = read;
      const wantsProduction = stage === 'production';
      return await (await open()).register({ registration, artifactPath: artifact, wantsProduction });
    },
    promoteModel: async (order) => {
      const { to, version, ...rest } = parseInput('registry.promoteModel', input.PROMOTE, order);
      return await (await open()).promote({ ...(await orderOf(rest)), version, to });
    },
    goBack: async (order) => {
      const read = parseInput('registry.goBack', input.GO_BACK, order);
      return await (await open()).goBack(await orderOf(read));
    },
    demoteModel: async (order) => {
      const read = parseInput('registry.demoteModel', input.DEMOTE, order);
      return await (await open()).demote({ reason: '', ...read });
    },
    retireModel: async (order) => {
      const read = parseInput('registry.retireModel', input.RETIRE, order);
      return await (await open()).retire({ reason: '', ...read });
    },
    setAlias: async (order) => {
      const read = parseInput('registry.setAlias', input.ALIAS, order);
      return await (await open()).alias({ approvalId: null, reason: '', ...read });
    },
    setEndpoint: async (order) => {
      const read = parseInput('registry.setEndpoint', input.ENDPOINT, order);
      return await (await open()).endpoint({ reason: '', ...read });
    },
    tagModel: async (order) => {
      const read = parseInput('registry.tagModel', input.TAG, order);
      return await (await open()).tag({ version: null, set: {}, unset: [], ...read });
    },
    describeModel: async (order) => {
      const { model, text, version = null } = parseInput('registry.describeModel', input.DESCRIBE, order);
      return await (await open()).describe({ model, version, description: text });
    },
    addDependency: async (order) => {
      const { kind, target, ...version } = parseInput('registry.addDependency', input.DEPEND, order);
      return await (await open()).depend({ ...version, dependency: { kind, target } });
    },
  };
}

function createReadings(open: () => Promise<Registry>): Omit<ModelRegistry, Changes> {
  return {
    getVersion: async (order) => {
      const read = parseInput('registry.getVersion', input.VERSION, order);
      return await (await open()).version(read);
    },
    listVersions: async (order) => {
      const read = parseInput('registry.listVersions', input.VERSIONS, order);
      return await (await open()).versions({ after: null, limit: PAGE, stage: null, withRetired: false, ...read });
    },
    listModels: async (order = {}) => {
      const read = parseInput('registry.listModels', input.MODELS, order);
      return await (await open()).models({ after: null, limit: PAGE, ...read });
    },
    verifyArtifact: async (order) => {
      const read = parseInput('registry.verifyArtifact', input.VERSION, order);
      return await (await open()).verify(read);
    },
    bom: async (order) => {
      const read = parseInput('registry.bom', input.VERSION, order);
      return await readBom(await open(), read);
    },
    lineage: async (order) => {
      const { depth = DEPTH, direction, ...start } = parseInput('registry.lineage', input.LINEAGE, order);
      return await (await open()).lineage({ start, direction, depth });
    },
    lineageOfDependency: async (order) => {
      const read = parseInput('registry.lineageOfDependency', input.TARGET_LINEAGE, order);
      const { depth = DEPTH, direction, ...target } = read;
      const start = completeDependency(target);
      if (typeof start !== 'string') return await (await open()).lineage({ start, direction, depth });
      throw new MlopsError('USAGE_INVALID', {
        problem: `Input of registry.lineageOfDependency is not valid: ${start}`,
        hint: 'See registry.lineageOfDependency in docs/reference/typescript-api.md',
      });
    },
    history: async (order) => {
      const read = parseInput('registry.history', input.HISTORY, order);
      return await (await open()).history({ after: null, limit: PAGE, ...read });
    },
    productionAt: async (order) => {
      const read = parseInput('registry.productionAt', input.AT, order);
      return await (await open()).productionAt(read);
    },
  };
}
