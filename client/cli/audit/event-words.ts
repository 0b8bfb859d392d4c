import { nearest } from '../../../config/environment.ts';
import { MlopsError } from '../../../domain/errors.ts';
import { EVENT_CATEGORIES, RISKS, type EventCategory, type Risk } from '../../../domain/governance/event-draft.ts';
import { EVENT_TYPES, isEventType, TYPE_PREFIXES, wantedEventType } from '../../../domain/governance/event-types.ts';
import { FRAMEWORKS, type Framework } from '../../../domain/governance/recorded-event.ts';
import type { CommandInput } from '../command.ts';
import { textOption } from '../rollout/options.ts';

/** A type that events can be of, or a prefix of some; undefined when none was given. @throws USAGE_INVALID */
export function typeOption(input: CommandInput): string | undefined {
  const type = textOption(input, 'type') || undefined;
  if (type === undefined || isEventType(type)) return type;
  throw unknown('--type', type, {
    known: [...EVENT_TYPES, ...TYPE_PREFIXES, ...EVENT_CATEGORIES],
    wanted: wantedEventType(type),
  });
}

/** @throws USAGE_INVALID */
export function categoryOption(input: CommandInput): EventCategory | undefined {
  return oneOf(EVENT_CATEGORIES, input, 'category');
}

/** @throws USAGE_INVALID */
export function riskOption(input: CommandInput): Risk | undefined {
  return oneOf(RISKS, input, 'risk');
}

/** @throws USAGE_INVALID */
export function frameworkOption(input: CommandInput): Framework | undefined {
  return oneOf(FRAMEWORKS, input, 'framework');
}

function oneOf<T extends string>(choices: readonly T[], input: CommandInput, name: string): T | undefined {
  const value = textOption(input, name) || undefined;
  const found = choices.find((choice) => choice === value?.toLowerCase());
  if (found !== undefined || value === undefined) return found;
  throw unknown(`--${name}`, value, { known: choices, wanted: `one of ${choices.join(', ')}` });
}

function unknown(
  option: string,
  value: string,
  { known, wanted }: { readonly known: readonly string[]; readonly wanted: string },
): MlopsError {
  return new MlopsError('USAGE_INVALID', {
    problem: `${option} is not valid: ${value}, wanted ${wanted}; the nearest is ${nearest(value, known)}`,
    hint: 'See `mlops audit query --help`',
  });
}
