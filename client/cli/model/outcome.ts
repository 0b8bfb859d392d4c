import type { AwaitedApproval, StageOutcome } from '../../../domain/registry/records.ts';
import type { CommandResult } from '../command.ts';
import { dataOfVersion } from './version-data.ts';

/**
 * A change of a stage for people and machines. `again` is the command to come back with once it is approved; `isWayBack`: what was replaced was
 * gone back from.
 */
export function resultOfStage(
  { awaiting, from, replaced, version: record }: StageOutcome,
  commands: { readonly again: string; readonly undo: string | null; readonly isWayBack?: boolean },
): CommandResult {
  const { model, version } = record.registration;
  const data = { ...dataOfVersion(record), from, to: record.stage, replaced, awaiting };
  if (awaiting !== null)
    return {
      exitCode: 6,
      data,
      text: [
        `Nothing is changed: ${model} ${version} waits for an approval`,
        ...awaitedLines(awaiting, commands.again),
      ].join('\n'),
    };
  if (from === record.stage)
    return { exitCode: 0, data, text: `Nothing is changed: ${model} ${version} is in ${from} already` };
  const itsWay =
    commands.isWayBack === true ? 'it is gone back to only when it was promoted again' : 'it can be gone back to';
  const lines = [
    `${model} ${version}: ${from} → ${record.stage} in ${record.environment}`,
    ...(replaced === null ? [] : [`${model} ${replaced}: production → staging; ${itsWay}`]),
    ...(commands.undo === null ? [] : [`Undo: ${commands.undo}`]),
  ];
  return { exitCode: 0, data, text: lines.join('\n') };
}

/** `rag_api 1.1.0`, or the model alone. */
export function nameOfLabelled({
  model,
  version,
}: {
  readonly model: string;
  readonly version: string | null;
}): string {
  return version === null ? model : `${model} ${version}`;
}

/** What must be approved, and what it is bound to; who was asked, or what to come back with. */
export function awaitedLines({ approvalId, bound, kind, resource }: AwaitedApproval, again: string): string[] {
  const next =
    approvalId === undefined
      ? [`Once it is given: ${again} --approval <id>`]
      : [
          `Asked for: ${approvalId}. It happens by itself once it is approved:`,
          `  mlops approval show ${approvalId}`,
          `  mlops approval approve ${approvalId}`,
        ];
  return [
    `Needed: an approval (${kind}) of ${resource}`,
    `  bound to artifact ${bound.artifact ?? 'none'}`,
    `  tests ${bound.tests}`,
    `  policy ${bound.policy}`,
    ...next,
  ];
}
