import { foldName } from '../../governance/person-name.ts';
import type { Authority } from './quorum.ts';
import type { ApprovalRecord } from './request.ts';

type Decided = Pick<ApprovalRecord, 'decisions' | 'excluded'>;

/** Somebody who wants to decide, and the rights that he may use. */
interface Deciding {
  readonly principal: string;
  readonly authorities: readonly Authority[];
}

/** Principals whose names tell whether one of them is somebody else as well. */
export function principalsOf({ decisions, excluded }: Decided, { authorities, principal }: Deciding): string[] {
  const decided = decisions.flatMap(({ onBehalfOf, principal: by }) => (onBehalfOf === null ? [by] : [by, onBehalfOf]));
  return [...new Set([principal, ...authorities.map((one) => one.principal), ...Object.keys(excluded), ...decided])];
}

/**
 * Says in words why a principal may not decide, nor its right be used, by what the same person is or did as another principal; null
 * when nothing keeps it. A name is that of one person, by whatever it is vouched for: a key, the user of a machine, a call from it.
 *
 * @param names of principals; who was erased has none
 */
export function problemOfSamePerson(
  { decisions, excluded }: Decided,
  principal: string,
  names: ReadonlyMap<string, string>,
): string | null {
  const name = names.get(principal);
  if (name === undefined) return null;
  const isSame = (other: string | null): other is string =>
    other !== null && other !== principal && foldName(names.get(other) ?? '') === foldName(name);
  const barred = Object.entries(excluded).find(([other]) => isSame(other));
  if (barred !== undefined)
    return `${name} is also ${barred[0]}, ${barred[1]} of what is asked for: a person may not decide about it as another principal of that name`;
  const before = decisions.find((one) => isSame(one.principal) || isSame(one.onBehalfOf));
  return before === undefined
    ? null
    : `${name} is known as another principal as well, and that has decided already: ${before.verdict} at ${before.at}`;
}
