/** Where a version stands in one environment. */
export const STAGES = ['development', 'staging', 'production', 'deprecated', 'archived'] as const;
export type Stage = (typeof STAGES)[number];

/** What is done to a stage: each is an act of its own, with its own event. */
export type StageAct = 'promote' | 'demote' | 'retire';

/**
 * The legal transitions. A promotion goes one step up, a demotion back or out of use: `deprecated` is still served but not for
 * new use. `archived` is the end.
 */
export const TRANSITIONS: Readonly<Record<StageAct, Readonly<Record<Stage, readonly Stage[]>>>> = {
  promote: { development: ['staging'], staging: ['production'], production: [], deprecated: [], archived: [] },
  demote: {
    development: [],
    staging: ['development'],
    production: ['staging', 'deprecated'],
    deprecated: [],
    archived: [],
  },
  retire: {
    development: ['archived'],
    staging: ['archived'],
    production: ['archived'],
    deprecated: ['archived'],
    archived: [],
  },
};

/** Whether an act may lead from one stage to another. */
export function isLegal(act: StageAct, from: Stage, to: Stage): boolean {
  return TRANSITIONS[act][from].includes(to);
}

/** Where an act can lead from a stage, in words. */
export function legalInWords(act: StageAct, from: Stage): string {
  const legal = TRANSITIONS[act][from];
  return legal.length === 0 ? `nothing: ${from} cannot be ${PAST[act]}` : legal.join(' or ');
}

const PAST: Readonly<Record<StageAct, string>> = { promote: 'promoted', demote: 'demoted', retire: 'retired' };

export function isStage(text: string): text is Stage {
  return (STAGES as readonly string[]).includes(text);
}
