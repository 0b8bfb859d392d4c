import type { ReceiptTick, RolloutReceipt } from '../receipt.ts';

/** Numbers, times and contents of looks that contradict each other. */
export function checkLooks({ rollout, outcome, events, ticks }: RolloutReceipt): string[] {
  const missing = ticks.findIndex((tick, index) => tick.tick !== index);
  if (missing >= 0) return [`look ${missing} is missing: found look ${ticks[missing]?.tick} in its place`];
  const approved = events.some(({ event }) => event === 'approve');
  return ticks.flatMap((tick, index) => [
    ...checkTime(tick, ticks[index - 1]?.at ?? rollout.startedAt, index > 0, outcome?.at),
    ...checkContents(tick),
    ...checkWaived(tick, ticks[index - 1], approved),
  ]);
}

function checkTime({ tick, at }: ReceiptTick, before: string, isLater: boolean, end: string | undefined): string[] {
  const [now, then] = [Date.parse(at), Date.parse(before)];
  if (isLater ? !(now > then) : !(now >= then)) return [`look ${tick}: its time ${at} is not after ${before}`];
  return end !== undefined && now > Date.parse(end) ? [`look ${tick}: its time ${at} is after the end ${end}`] : [];
}

/** A look with problems was judged as one without telemetry, and only such a look was. */
function checkContents({ tick, judged, input, verdict }: ReceiptTick): string[] {
  const isEmpty = Object.keys(input).length === 0;
  const hasProblems = verdict.problems.length > 0;
  if (hasProblems && !isEmpty)
    return [`look ${tick}: its telemetry is called unusable (${verdict.problems[0]}), and was used`];
  if (judged && isEmpty && !hasProblems) return [`look ${tick}: it was judged without telemetry and names no problem`];
  if (judged && verdict.overruledBy !== null) return [`look ${tick}: it was judged under somebody else's split`];
  return [];
}

/** What people accepted stays accepted, and somebody accepted it. */
function checkWaived({ tick, verdict }: ReceiptTick, before: ReceiptTick | undefined, approved: boolean): string[] {
  const lost = (before?.verdict.waived ?? []).filter((name) => !verdict.waived.includes(name));
  if (lost.length > 0) return [`look ${tick}: ${lost.join(', ')} decides again although it was accepted`];
  return verdict.waived.length > 0 && !approved
    ? [`look ${tick}: ${verdict.waived.join(', ')} accepted by nobody`]
    : [];
}
