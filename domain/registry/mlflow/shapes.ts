import type { Stage } from '../stages.ts';
import { VERSION_TAG } from './new-version.ts';
import { stageNameOf } from './stage-names.ts';

/** A version as the protocol knows it. */
export interface MlflowVersion {
  readonly model: string;
  readonly ordinal: number;
  /** The semantic version that the ordinal is. */
  readonly version: string;
  /** Milliseconds since 1970 */
  readonly createdAt: number;
  readonly changedAt: number;
  /** Name of who registered it; null when it was erased. */
  readonly user: string | null;
  readonly stage: Stage;
  readonly description: string;
  readonly source: string;
  readonly runId: string;
  readonly runLink: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly aliases: readonly string[];
}

/** A model as the protocol knows it. */
export interface MlflowModel {
  readonly name: string;
  /** Milliseconds since 1970 */
  readonly createdAt: number;
  readonly changedAt: number;
  readonly user: string | null;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly aliases: readonly { readonly alias: string; readonly ordinal: number }[];
  /** The newest of each stage. */
  readonly latest: readonly MlflowVersion[];
}

/** A version in JSON: what is empty is left out. */
export function versionShape(version: MlflowVersion): Readonly<Record<string, unknown>> {
  const { aliases, changedAt, createdAt, description, model, ordinal, runId, runLink, source, stage, user } = version;
  return filled({
    name: model,
    version: String(ordinal),
    creation_timestamp: createdAt,
    last_updated_timestamp: changedAt,
    user_id: user ?? '',
    current_stage: stageNameOf(stage),
    description,
    source,
    run_id: runId,
    run_link: runLink,
    status: 'READY',
    tags: tagShapes(tagsOf(version)),
    aliases,
  });
}

/** A model in JSON: what is empty is left out. */
export function modelShape(model: MlflowModel): Readonly<Record<string, unknown>> {
  return filled({
    name: model.name,
    creation_timestamp: model.createdAt,
    last_updated_timestamp: model.changedAt,
    user_id: model.user ?? '',
    description: model.description,
    latest_versions: model.latest.map(versionShape),
    tags: tagShapes(model.tags),
    aliases: model.aliases.map(({ alias, ordinal }) => ({ alias, version: String(ordinal) })),
  });
}

/** Who registered by other ways gave the semantic version, and no tag. */
function tagsOf({ ordinal, tags, version }: MlflowVersion): Readonly<Record<string, string>> {
  const isKnown = Object.hasOwn(tags, VERSION_TAG) || version === `0.0.${ordinal}`;
  return isKnown ? tags : { ...tags, [VERSION_TAG]: version };
}

function tagShapes(tags: Readonly<Record<string, string>>): { readonly key: string; readonly value: string }[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

function filled(shape: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(shape);
  return Object.fromEntries(
    entries.filter(([, value]) => (Array.isArray(value) || typeof value === 'string' ? value.length > 0 : true)),
  );
}
