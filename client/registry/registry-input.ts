import { z } from 'zod';
import { DEPENDENCY_KINDS, type DependencyKind } from '../../domain/registry/dependency.ts';
import { STAGES, type Stage } from '../../domain/registry/stages.ts';
import { DATE } from '../moment.ts';
import { LIMIT, MODEL, NAME, TEXT, WHOLE } from '../parse-input.ts';

/** A version by its number or an alias. */
export interface VersionInput {
  readonly model: string;
  readonly version: string;
}

/** Why something is done, in words; sealed in the ledger. Empty by default. */
export interface Why {
  readonly reason?: string;
}

/** What is registered. */
export interface RegisterModelOrder {
  readonly model: string;
  /** Semantic version, once for good: `2.1.0` */
  readonly version: string;
  /** `embedding`, `retriever`, `reranker`, `generator` or `pipeline`: each wants metadata of its own (docs/how-to/register-a-model.md). */
  readonly type: string;
  readonly description?: string;
  /** Texts, finite numbers, true or false. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** A number, or with what its name does not say: `{ value, unit, direction }`. They are the baseline of the version. */
  readonly metrics?: Readonly<Record<string, unknown>>;
  readonly tags?: Readonly<Record<string, unknown>>;
  /** What it rests on: `{ kind: 'dataset', target: 'wiki-2026' }`. */
  readonly dependencies?: readonly { readonly kind: string; readonly target: unknown }[];
  /** The step to staging needs an approval as well; the one to production always does. False by default. */
  readonly approvalRequired?: boolean;
  /** Path of a file or folder that becomes the version's artifact; none by default. */
  readonly artifact?: string;
  /** Where it is wanted; `development` by default. */
  readonly stage?: 'development' | 'production';
}

/** One stage up. */
export interface PromoteModelOrder extends VersionInput, Why {
  readonly to: 'staging' | 'production';
  /** The approval that it rests on, where it needs one and has it. */
  readonly approvalId?: string;
  /** The version that is believed to be in production, null for none: when it is another one, nothing happens. By default what is there now. */
  readonly expectedProduction?: string | null;
}

/** Back to what was in production before. */
export interface GoBackOrder extends Why, Pick<PromoteModelOrder, 'approvalId' | 'expectedProduction'> {
  readonly model: string;
}

/** One stage back, or out of new use. */
export interface DemoteModelOrder extends VersionInput, Why {
  readonly to: 'development' | 'staging' | 'deprecated';
}

/** What an alias is to mean. */
export interface AliasInput extends Why {
  readonly model: string;
  readonly alias: string;
  /** Null removes the alias. */
  readonly version: string | null;
  readonly approvalId?: string;
}

/** Where a version answers. */
export interface EndpointInput extends VersionInput, Why {
  /** A URL of a host that is allowed; null: nowhere any more. */
  readonly endpoint: string | null;
}

/** Tags of a version, or of the model where none is named. */
export interface TagInput {
  readonly model: string;
  readonly version?: string;
  readonly set?: Readonly<Record<string, string>>;
  /** Keys that are taken away. */
  readonly unset?: readonly string[];
}

/** What a version is in words, or the model where none is named. */
export interface DescribeInput {
  readonly model: string;
  readonly version?: string;
  readonly text: string;
}

/** A page of a list of names. */
export interface PageInput {
  /** The cursor of the page before. */
  readonly after?: string;
  /** 1 to 1000, 100 by default. */
  readonly limit?: number;
}

/** Which versions are listed. */
export interface VersionsInput extends PageInput {
  readonly model: string;
  readonly stage?: Stage;
  /** Those that were retired too. False by default. */
  readonly withRetired?: boolean;
}

/** How far, and which way, a lineage is followed. */
export interface LineageWay {
  /** What it rests on, or what rests on it. */
  readonly direction: 'upstream' | 'downstream';
  /** Steps at most, 0 to 1000; 10 by default. */
  readonly depth?: number;
}

/** What a version rests on, by its kind and name: `{ kind: 'dataset', target: 'wiki-2026' }`. */
export interface DependencyInput {
  readonly kind: DependencyKind;
  readonly target: string;
}

/** Which transitions are listed. */
export interface HistoryInput {
  readonly model: string;
  /** The cursor of the page before. */
  readonly after?: number;
  /** 1 to 1000, 100 by default. */
  readonly limit?: number;
}

/** A moment of a model. */
export interface MomentInput {
  readonly model: string;
  /** From 1970 to 9999. */
  readonly at: Date;
}

const REASON = TEXT.exactOptional();
const APPROVAL = NAME.exactOptional();
const EXPECTED = NAME.nullable().exactOptional();
const VALUES = z.record(z.string(), z.unknown()).exactOptional();
const NAMED = { model: MODEL, version: NAME };
const PAGED = { after: NAME.exactOptional(), limit: LIMIT.exactOptional() };
const WAY = { direction: z.enum(['upstream', 'downstream']), depth: z.int().min(0).max(1000).exactOptional() };
const DEPENDENCY = { kind: z.enum(DEPENDENCY_KINDS), target: NAME };

/** The shape alone: what a registration has to say is checked as a whole where it is registered (REGISTRATION_INVALID). */
export const REGISTER = z.strictObject({
  model: z.string(),
  version: z.string(),
  type: z.string(),
  description: z.string().exactOptional(),
  metadata: VALUES,
  metrics: VALUES,
  tags: VALUES,
  dependencies: z.array(z.strictObject({ kind: z.string(), target: z.unknown() })).exactOptional(),
  approvalRequired: z.boolean().exactOptional(),
  artifact: NAME.exactOptional(),
  stage: z.enum(['development', 'production']).exactOptional(),
}) satisfies z.ZodType<RegisterModelOrder>;

export const VERSION = z.strictObject(NAMED) satisfies z.ZodType<VersionInput>;
export const PROMOTE = z.strictObject({
  ...NAMED,
  to: z.enum(['staging', 'production']),
  approvalId: APPROVAL,
  expectedProduction: EXPECTED,
  reason: REASON,
}) satisfies z.ZodType<PromoteModelOrder>;
export const GO_BACK = z.strictObject({
  model: MODEL,
  approvalId: APPROVAL,
  expectedProduction: EXPECTED,
  reason: REASON,
}) satisfies z.ZodType<GoBackOrder>;
export const DEMOTE = z.strictObject({
  ...NAMED,
  to: z.enum(['development', 'staging', 'deprecated']),
  reason: REASON,
}) satisfies z.ZodType<DemoteModelOrder>;
export const RETIRE = z.strictObject({ ...NAMED, reason: REASON }) satisfies z.ZodType<VersionInput & Why>;
export const ALIAS = z.strictObject({
  model: MODEL,
  alias: NAME,
  version: NAME.nullable(),
  approvalId: APPROVAL,
  reason: REASON,
}) satisfies z.ZodType<AliasInput>;
export const ENDPOINT = z.strictObject({
  ...NAMED,
  endpoint: NAME.nullable(),
  reason: REASON,
}) satisfies z.ZodType<EndpointInput>;
export const TAG = z.strictObject({
  model: MODEL,
  version: NAME.exactOptional(),
  set: z.record(z.string(), TEXT).exactOptional(),
  unset: z.array(NAME).exactOptional(),
}) satisfies z.ZodType<TagInput>;
export const DESCRIBE = z.strictObject({
  model: MODEL,
  version: NAME.exactOptional(),
  text: TEXT,
}) satisfies z.ZodType<DescribeInput>;
export const MODELS = z.strictObject(PAGED) satisfies z.ZodType<PageInput>;
export const VERSIONS = z.strictObject({
  model: MODEL,
  ...PAGED,
  stage: z.enum(STAGES).exactOptional(),
  withRetired: z.boolean().exactOptional(),
}) satisfies z.ZodType<VersionsInput>;
export const LINEAGE = z.strictObject({ ...NAMED, ...WAY }) satisfies z.ZodType<VersionInput & LineageWay>;
export const TARGET_LINEAGE = z.strictObject({ ...DEPENDENCY, ...WAY }) satisfies z.ZodType<
  DependencyInput & LineageWay
>;
export const DEPEND = z.strictObject({ ...NAMED, ...DEPENDENCY }) satisfies z.ZodType<VersionInput & DependencyInput>;
export const HISTORY = z.strictObject({
  model: MODEL,
  after: WHOLE.exactOptional(),
  limit: LIMIT.exactOptional(),
}) satisfies z.ZodType<HistoryInput>;
export const AT = z.strictObject({ model: MODEL, at: DATE }) satisfies z.ZodType<MomentInput>;
