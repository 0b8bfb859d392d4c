import { MlopsError } from '../../../domain/errors.ts';
import { assertModelName } from '../../../domain/model-name.ts';
import type { CommandContext, CommandInput } from '../command.ts';

/** The model a command is about: --model, the first argument, or `model_name` of monitoring.yaml. @throws USAGE_INVALID */
export async function modelOf(context: CommandContext, input: CommandInput): Promise<string> {
  return givenModel(input) ?? (await context.config()).monitoring.modelName;
}

/** The model that was named; null when none was. @throws USAGE_INVALID, also when it was named twice, differently */
export function givenModel({ args: [argument], options }: CommandInput): string | null {
  const option = options['model'];
  const given = typeof option === 'string' ? option : argument;
  if (given === undefined) return null;
  assertModelName(given);
  if (argument === undefined || argument === given) return given;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Models differ: argument ${argument || '(empty)'}, --model ${given}; wanted one model`,
    hint: `Name it once, for example --model ${given}`,
  });
}

/** A text option, or the default. */
export function textOption(input: CommandInput, name: string, fallback = ''): string {
  const value = input.options[name];
  return typeof value === 'string' ? value : fallback;
}

/** Repeatable `--endpoint VERSION=URL`; the last one of a version counts. @throws USAGE_INVALID */
export function endpointOptions(input: CommandInput): Record<string, string> {
  return Object.fromEntries(listOption(input, 'endpoint').map(splitEndpoint));
}

/** Repeatable `--gate PERCENT`. @throws USAGE_INVALID */
export function gateOptions(input: CommandInput): number[] {
  return listOption(input, 'gate').map((text) => {
    const percent = text.trim() === '' ? Number.NaN : Number(text);
    if (percent >= 0 && percent <= 100) return percent;
    throw new MlopsError('USAGE_INVALID', {
      problem: `Gate is not valid: ${text}, wanted a planned weight from 0 to 100`,
      hint: 'For example --gate 25; `mlops rollout plan` shows the weights',
    });
  });
}

/** What a repeatable option was given. */
export function listOption(input: CommandInput, name: string): string[] {
  const given = input.options[name];
  if (Array.isArray(given)) return given.map(String);
  return typeof given === 'string' ? [given] : [];
}

function splitEndpoint(text: string): [string, string] {
  const at = text.indexOf('=');
  const [version, url] = [text.slice(0, at), text.slice(at + 1)];
  if (at > 0 && URL.canParse(url)) return [version, url];
  throw new MlopsError('USAGE_INVALID', {
    problem: `Endpoint is not valid: ${text}, wanted VERSION=URL`,
    hint: 'For example --endpoint 1.1.0=http://127.0.0.1:9101',
  });
}
