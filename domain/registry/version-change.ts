import type { ApprovalContent, EvidenceFigure } from './approval/request.ts';
import type { RiskInputs } from './approval/risk.ts';
import type { BoundContent } from './bound-content.ts';
import type { Metric } from './metrics.ts';
import type { Registration } from './registration.ts';
import { resourceOfAlias, resourceOfPromotion } from './resource-names.ts';
import { parseVersion } from './semver.ts';

/** A change of a version that needs an approval, as its resource names it (resource-names.ts). */
export type VersionChange =
  | {
      readonly kind: 'stage-promotion';
      readonly model: string;
      readonly version: string;
      readonly to: 'staging' | 'production';
    }
  | { readonly kind: 'protected-alias'; readonly model: string; readonly version: string; readonly alias: string };

const RESOURCE = /^model\/([^/]+)\/([^/]+)\/(stage|alias)\/[^/]+\/([^/]+)$/;

/** The change that an approval's resource names; null when it names none. */
export function parseChange(resource: string): VersionChange | null {
  const [, model, version, what, target] = RESOURCE.exec(resource) ?? [];
  if (model === undefined || version === undefined || target === undefined) return null;
  if (what === 'alias') return { kind: 'protected-alias', model, version, alias: target };
  return target === 'staging' || target === 'production'
    ? { kind: 'stage-promotion', model, version, to: target }
    : null;
}

/** What an approval of the change is for in an environment: the way back from `parseChange`. */
export function resourceOfChange(change: VersionChange, environment: string): string {
  const { model, version } = change;
  return change.kind === 'protected-alias'
    ? resourceOfAlias({ model, version, environment, alias: change.alias })
    : resourceOfPromotion({ model, version, environment, stage: change.to });
}

/**
 * What approvers are shown of a change: the metrics beside those of what is in production, and what will be done. It is bound to the
 * version that is replaced: when another one comes into production meanwhile, what was approved is another change.
 */
export function contentOfChange(
  change: VersionChange,
  {
    bound,
    production,
    registration,
  }: {
    readonly registration: Registration;
    readonly bound: BoundContent;
    /** What is in production now; null when nothing is. */
    readonly production: Registration | null;
  },
): ApprovalContent {
  const { kind, model, version } = change;
  const replaces = production?.version ?? null;
  const target = kind === 'protected-alias' ? { alias: change.alias } : { to: change.to };
  return {
    bound,
    evidence: registration.metrics.map((metric) => figureOf(metric, production?.metrics ?? [])),
    action: { model, version, type: registration.type, replaces, ...target },
  };
}

function figureOf({ direction, name, unit, value }: Metric, baselines: readonly Metric[]): EvidenceFigure {
  const baseline = baselines.find((metric) => metric.name === name && metric.unit === unit)?.value ?? null;
  return { name, value, baseline, limit: null, unit: unit === 'ratio' ? '' : unit, better: direction };
}

/** What the risk of a change is assessed from. Times in milliseconds since 1970; null: never changed. */
export function riskOfChange(
  change: VersionChange,
  {
    lastChangeAtMs,
    nowMs,
    production,
    registration,
  }: {
    readonly registration: Pick<Registration, 'type' | 'version'>;
    readonly production: Pick<Registration, 'version'> | null;
    readonly lastChangeAtMs: number | null;
    readonly nowMs: number;
  },
): RiskInputs {
  const reachesUsers = change.kind === 'protected-alias' || change.to === 'production';
  return {
    trafficPercent: reachesUsers ? 100 : 0,
    modelType: registration.type,
    daysSinceLastChange: lastChangeAtMs === null ? null : Math.max(0, nowMs - lastChangeAtMs) / 86_400_000,
    failedGates: [],
    changeSize: production === null ? null : changeSizeOf(production.version, registration.version),
    signed: null,
  };
}

/** How far apart two versions are; null when one of them is no semantic version. */
export function changeSizeOf(from: string, to: string): RiskInputs['changeSize'] {
  const [before, after] = [parseVersion(from), parseVersion(to)];
  if (before === null || after === null) return null;
  if (before.core[0] !== after.core[0]) return 'major';
  return before.core[1] === after.core[1] ? 'patch' : 'minor';
}
