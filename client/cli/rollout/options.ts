import { MlopsError } from '../../../domain/errors.ts';
import type { CommandContext, CommandInput } from '../command.ts';

/** The model a command is about: --model, the first argument, or `model_name` of monitoring.yaml. */
export async function modelOf(context: CommandContext, input: CommandInput): Promise<string> {
  const asked = input.options['model'] ?? input.args[0];
  if (typeof asked === 'string' && asked !== '') return asked;
  return (await context.config()).monitoring.modelName;
}

/** A text option, or the default. */
export function textOption(input: CommandInput, name: string, fallback = ''): string {
  const value = input.options[name];
  return typeof value === 'string' ? value : fallback;
}

/** Repeatable `--endpoint VERSION=URL`. @throws USAGE_INVALID */
export function endpointOptions(input: CommandInput): Record<string, string> {
  const given = input.options['endpoint'];
  const list = Array.isArray(given) ? given.map(String) : typeof given === 'string' ? [given] : [];
  return Object.fromEntries(list.map(splitEndpoint));
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
