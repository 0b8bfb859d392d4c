import type { ApprovalKind } from './request.ts';

/** What the risk of a change is assessed from. What is not known counts as the riskier case. */
export interface RiskInputs {
  /** Share of the users that meet the change at the end, 0 to 100; null: not known. */
  readonly trafficPercent: number | null;
  /** `embedding`, `reranker`, `generator`, ...; null: not known. */
  readonly modelType: string | null;
  /** Since the production version was last changed; null: never, or not known. */
  readonly daysSinceLastChange: number | null;
  /** Gates that did not pass. */
  readonly failedGates: readonly string[];
  readonly changeSize: 'patch' | 'minor' | 'major' | null;
  /** Whether the artifact is signed; null where there is nothing to sign. */
  readonly signed: boolean | null;
}

export type RiskBand = 'low' | 'medium' | 'high' | 'critical';

/** A risk score and what it is made of. */
export interface RiskAssessment {
  /** 0 to 100 */
  readonly score: number;
  readonly band: RiskBand;
  /** The points sum up to the score, unless that is the most that the environment can have: 100, in development 49. */
  readonly reasons: readonly { readonly points: number; readonly reason: string }[];
}

/** Smallest score of each band. */
const BANDS = [
  { band: 'critical', from: 75 },
  { band: 'high', from: 50 },
  { band: 'medium', from: 25 },
] as const;

const ENVIRONMENT_POINTS: Readonly<Record<string, number>> = { dev: 0, development: 0, test: 0, staging: 10 };
const PRODUCTION_POINTS = 30;
/** Where nobody but developers is met, one more pair of eyes is enough. */
const MOST_WITHOUT_USERS = 49;

const KIND_POINTS = {
  'stage-promotion': 10,
  'protected-alias': 15,
  'rollout-gate': 10,
  'recorded-action': 15,
  erasure: 50,
  'gate-skip': 40,
} as const satisfies Record<ApprovalKind, number>;

const SIZE_POINTS = { patch: 0, minor: 5, major: 15, unknown: 10 } as const;

/** Who changes these changes every answer: an index has to be built anew, or every word is another. */
const FAR_REACHING: readonly string[] = ['embedding', 'generator'];
const LONG_AGO_DAYS = 90;
const FAILED_GATE_POINTS = 15;
const MOST_FAILED_GATE_POINTS = 30;

/**
 * Scores a change from 0 (harmless) to 100, by adding points for each thing that is known to go wrong. The table is in
 * docs/how-to/approve.md.
 *
 * @example assessRisk('stage-promotion', 'production', inputs) // { score: 70, band: 'high', reasons: [...] }
 */
export function assessRisk(kind: ApprovalKind, environment: string, inputs: RiskInputs): RiskAssessment {
  const reasons = [
    { points: ENVIRONMENT_POINTS[environment] ?? PRODUCTION_POINTS, reason: `environment ${environment}` },
    { points: KIND_POINTS[kind], reason: `what is asked for: ${kind}` },
    trafficReason(inputs.trafficPercent),
    modelReason(inputs.modelType),
    ageReason(inputs.daysSinceLastChange),
    gatesReason(inputs.failedGates),
    {
      points: SIZE_POINTS[inputs.changeSize ?? 'unknown'],
      reason: `size of the change: ${inputs.changeSize ?? 'not known'}`,
    },
    { points: inputs.signed === false ? 10 : 0, reason: 'the artifact is not signed' },
  ].filter(({ points }) => points > 0);
  const score = Math.min(
    ENVIRONMENT_POINTS[environment] === 0 ? MOST_WITHOUT_USERS : 100,
    reasons.reduce((sum, { points }) => sum + points, 0),
  );
  return { score, band: bandOf(score), reasons };
}

/** The band of a score from 0 to 100. */
export function bandOf(score: number): RiskBand {
  return BANDS.find(({ from }) => score >= from)?.band ?? 'low';
}

function trafficReason(percent: number | null) {
  if (percent === null || !(percent >= 0 && percent <= 100))
    return { points: 15, reason: 'how many users meet it is not known' };
  return { points: Math.ceil(percent * 0.15), reason: `${percent} % of the users meet it` };
}

function modelReason(modelType: string | null) {
  if (modelType === null) return { points: 5, reason: 'type of the model is not known' };
  return { points: FAR_REACHING.includes(modelType) ? 10 : 0, reason: `type of the model: ${modelType}` };
}

function ageReason(days: number | null) {
  if (days === null) return { points: 10, reason: 'production was never changed before, or nobody knows when' };
  if (days >= LONG_AGO_DAYS) return { points: 10, reason: `production was last changed ${Math.floor(days)} days ago` };
  return { points: days < 1 ? 5 : 0, reason: 'production was changed less than a day ago' };
}

function gatesReason(failed: readonly string[]) {
  const points = Math.min(MOST_FAILED_GATE_POINTS, FAILED_GATE_POINTS * failed.length);
  return { points, reason: `gates that did not pass: ${failed.join(', ')}` };
}
