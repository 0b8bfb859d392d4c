import { MlopsError } from '../../../../domain/errors.ts';
import { completeDependency, type Dependency } from '../../../../domain/registry/dependency.ts';
import { renderLineage } from '../../../../domain/registry/lineage.ts';
import type { Registry } from '../../../registry-port.ts';
import { parseWhole } from '../../audit/options.ts';
import type { CommandInput, CommandResult, CommandRun } from '../../command.ts';
import { pair } from '../../model/registration.ts';
import { textOption } from '../../rollout/options.ts';

/** `mlops model lineage`: what a version rests on, or what rests on it. */
export const run: CommandRun = async (context, input) => {
  const start = startOf(input);
  const registry = await context.composition.registry();
  if (textOption(input, 'add') !== '') return await add(registry, input, start);
  const direction = input.options['downstream'] === true ? 'downstream' : 'upstream';
  const depth = parseWhole(textOption(input, 'depth', '10'), '--depth');
  const lineage = await registry.lineage({ start, direction, depth });
  const beyond = lineage.nodes.length - 1;
  const said = `${beyond} ${direction === 'upstream' ? 'that it rests on' : 'that rest on it'}, up to ${depth} step${depth === 1 ? '' : 's'} away`;
  return { exitCode: 0, data: { ...lineage, depth }, text: `${renderLineage(lineage)}\n${said}` };
};

type Start = { readonly model: string; readonly version: string } | Dependency;

async function add(registry: Registry, input: CommandInput, start: Start): Promise<CommandResult> {
  const [kind, target] = pair('add', textOption(input, 'add'), (value) => value);
  if ('kind' in start) throw usage('Option --add is about a registered version, not about --target');
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, ...start, kind, target },
      text: `Nothing is changed. This would add to ${start.model} ${start.version} that it rests on ${kind} ${target}`,
    };
  const isNew = await registry.depend({ ...start, dependency: { kind, target } });
  return {
    exitCode: 0,
    data: { ...start, kind, target, isNew },
    text: isNew
      ? `Added: ${start.model} ${start.version} rests on ${kind} ${target}`
      : 'Nothing is changed: that was known',
  };
}

function startOf(input: CommandInput): Start {
  const [model, version] = input.args;
  const target = textOption(input, 'target');
  if (input.options['upstream'] === true && input.options['downstream'] === true)
    throw usage('Options --upstream and --downstream exclude each other');
  if (target === '') {
    if (model !== undefined && version !== undefined) return { model, version };
    throw usage('The version is not named');
  }
  if (model !== undefined) throw usage(`Model ${model} is named beside --target`);
  const [kind, name] = pair('target', target, (value) => value);
  const dependency = completeDependency({ kind, target: name });
  if (typeof dependency !== 'string') return dependency;
  throw usage(`Target is not valid: ${dependency}`);
}

function usage(problem: string): MlopsError {
  return new MlopsError('USAGE_INVALID', {
    problem,
    hint: 'For example `mlops model lineage rag_api 1.1.0 --downstream`, or `mlops model lineage --target dataset=wiki --downstream`',
  });
}
