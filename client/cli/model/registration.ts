import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { MlopsError } from '../../../domain/errors.ts';
import type { RegistrationOrder } from '../../../domain/registry/registration.ts';
import { parseManifest, shortDependencies, type Manifest } from '../../registry/parse-manifest.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { listOption } from '../rollout/options.ts';
import { unreadable } from '../unreadable.ts';

/** What is to be registered: the manifest, and over it what was typed. */
export interface TypedRegistration {
  readonly registration: RegistrationOrder;
  /** Absolute; null for none. */
  readonly artifactPath: string | null;
  readonly wantsProduction: boolean;
}

/** @throws USAGE_INVALID, INPUT_UNREADABLE, MANIFEST_INVALID */
export async function readRegistration(context: CommandContext, input: CommandInput): Promise<TypedRegistration> {
  const manifest = await manifestOf(context, input);
  const typed = typedEntries(input);
  const [model, version] = input.args.map((word) => (word === '' ? undefined : word));
  const { registration } = manifest;
  const artifact = pathOption(input, 'artifact');
  return {
    registration: {
      ...registration,
      model:
        model ?? registration.model ?? missing('The model', '`mlops model register rag_api 1.1.0 --type retriever`'),
      version: version ?? registration.version ?? missing('The version', '`mlops model register rag_api 1.1.0 ...`'),
      type: option(input, 'type') ?? registration.type ?? missing('The type', '--type embedding'),
      ...(typed.description === undefined ? {} : { description: typed.description }),
      ...(input.options['approvalRequired'] === true ? { approvalRequired: true } : {}),
      metadata: { ...registration.metadata, ...typed.metadata },
      metrics: { ...registration.metrics, ...typed.metrics },
      tags: { ...registration.tags, ...typed.tags },
      dependencies: [...(registration.dependencies ?? []), ...typed.dependencies],
    },
    artifactPath: artifact === undefined ? manifest.artifact : resolve(context.workingDirectory, artifact),
    wantsProduction: (option(input, 'stage') ?? manifest.stage) === 'production',
  };
}

/** The manifest of --file; its artifact lies beside it. */
async function manifestOf({ workingDirectory }: CommandContext, input: CommandInput): Promise<Manifest> {
  const file = pathOption(input, 'file');
  if (file === undefined) return { registration: {}, artifact: null, stage: null };
  const path = resolve(workingDirectory, file);
  const content = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(file, error);
  });
  const manifest = await parseManifest(file, content);
  return {
    ...manifest,
    artifact: manifest.artifact === null ? null : resolve(dirname(path), manifest.artifact),
  };
}

function typedEntries(input: CommandInput) {
  return {
    description: option(input, 'description'),
    metadata: pairsOf(input, 'metadata', parseScalar),
    metrics: pairsOf(input, 'metric', parseMetric),
    tags: pairsOf(input, 'tag', (value) => value),
    dependencies: [
      ...listOption(input, 'dependency').map((word) => {
        const [kind, target] = pair('dependency', word, (value) => value);
        return { kind, target };
      }),
      ...shortDependencies({
        datasets: listOption(input, 'dataset'),
        codeCommit: option(input, 'codeCommit'),
        baseModel: option(input, 'baseModel'),
        indexVersion: option(input, 'indexVersion'),
      }),
    ],
  };
}

/** What was typed, by name: of two values for one name nobody knows which is meant. @throws USAGE_INVALID */
function pairsOf<T>(input: CommandInput, option: string, parse: (value: string) => T): Record<string, T> {
  const pairs = listOption(input, option).map((word) => pair(option, word, parse));
  const names = pairs.map(([name]) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return Object.fromEntries(pairs);
  throw new MlopsError('USAGE_INVALID', {
    problem: `Option --${option} has ${twice} twice`,
    hint: `Give each name once: --${option} ${twice}=VALUE`,
  });
}

/** `NAME=VALUE`; the value may hold more of them. @throws USAGE_INVALID */
export function pair<T>(name: string, word: string, parse: (value: string) => T): [string, T] {
  const at = word.indexOf('=');
  if (at > 0) return [word.slice(0, at), parse(word.slice(at + 1))];
  throw new MlopsError('USAGE_INVALID', {
    problem: `Option --${name} is ${word === '' ? 'empty' : word}, wanted NAME=VALUE`,
    hint: `For example --${name} name=value`,
  });
}

const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/** `0.89`, or with what the name does not say: `4.2:points:higher`. @throws USAGE_INVALID */
function parseMetric(value: string): unknown {
  const [figure = '', unit, direction, ...more] = value.split(':');
  if (more.length > 0)
    throw new MlopsError('USAGE_INVALID', {
      problem: `Figure ${value} has ${more.length + 3} parts, wanted VALUE, or VALUE:UNIT:DIRECTION`,
      hint: 'For example --metric fluency=4.2:points:higher',
    });
  return {
    value: NUMBER.test(figure) ? Number(figure) : figure,
    ...(unit === undefined ? {} : { unit }),
    ...(direction === undefined ? {} : { direction }),
  };
}

/** Truth values, and numbers that are written as they were typed, are such; everything else is text: `00017` and `12e5` may be names. */
function parseScalar(value: string): string | number | boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  return NUMBER.test(value) && String(Number(value)) === value ? Number(value) : value;
}

/** A path that is empty would be the folder one stands in, with everything that lies there: a variable of a script was not set. @throws USAGE_INVALID */
function pathOption(input: CommandInput, name: string): string | undefined {
  const path = option(input, name);
  if (path !== '') return path;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Option --${name} is empty`,
    hint: `Give a path, or leave --${name} out; the folder itself is --${name} .`,
  });
}

function option(input: CommandInput, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' ? value : undefined;
}

function missing(what: string, example: string): never {
  throw new MlopsError('USAGE_INVALID', {
    problem: `${what} is not named`,
    hint: `Name it, for example ${example}, or in a manifest with --file`,
  });
}
