import type { Stage } from './stage.ts';

/** One thing that the demo shows. */
export interface Act<On extends Stage = Stage> {
  readonly title: string;
  /** What is shown and how somebody would see it, in one or two plain lines. */
  readonly about: readonly string[];
  /** Everything that has to be true at its end, with what was seen. */
  play(stage: On): Promise<readonly Claim[]>;
}

export type Claim = readonly [claim: string, holds: boolean];

/** How an act of the demo ended. */
export interface ActResult {
  readonly title: string;
  readonly passed: boolean;
  /** What happened, one fact per line; what was wrong comes first. */
  readonly facts: readonly string[];
}

/** Plays acts until one throws or the signal fires; `results` has those that ended. */
export async function playActs<On extends Stage>(
  stage: On,
  acts: readonly Act<On>[],
  results: ActResult[],
  signal: AbortSignal,
): Promise<void> {
  for (const act of acts) {
    if (signal.aborted) return;
    stage.say(`\nAct ${results.length + 1}. ${act.title}`);
    for (const line of act.about) stage.say(`  ${line}`);
    const claims = await playUnlessInterrupted(stage, act, signal);
    if (claims !== null) results.push(concludeAct(act.title, claims));
  }
}

/** Ctrl-C reaches the commands of an act too, and what they say then is nothing to judge: null. */
async function playUnlessInterrupted<On extends Stage>(
  stage: On,
  act: Act<On>,
  signal: AbortSignal,
): Promise<readonly Claim[] | null> {
  try {
    const claims = await act.play(stage);
    return signal.aborted ? null : claims;
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/** Whether everything that an act wanted came true; what did not is named first. */
function concludeAct(title: string, claims: readonly Claim[]): ActResult {
  const broken = claims.filter(([, holds]) => !holds).map(([claim]) => `NOT TRUE: ${claim}`);
  const kept = claims.filter(([, holds]) => holds).map(([claim]) => claim);
  return { title, passed: broken.length === 0, facts: [...broken, ...kept] };
}
