import { MlopsError } from '../../../../domain/errors.ts';
import type { StageChangeRecord } from '../../../../domain/registry/records.ts';
import type { Registry } from '../../../registry-port.ts';
import { wholeOption } from '../../audit/options.ts';
import type { CommandResult, CommandRun } from '../../command.ts';
import { renderTable } from '../../render-table.ts';

const SHOWN = 50;

/** `mlops model history`: who was in production when, and by whose approval. */
export const run: CommandRun = async (context, input) => {
  const [model = ''] = input.args;
  const registry = await context.composition.registry();
  const at = input.options['at'];
  if (typeof at === 'string') return await productionAt(registry, model, parseMoment(at));
  const limit = wholeOption(input, 'limit') ?? SHOWN;
  const { changes, cursor } = await registry.history({
    model,
    after: wholeOption(input, 'after'),
    limit: Math.max(1, Math.min(limit, 1000)),
  });
  const names = await namesIn(registry, changes);
  const rows = changes.map((change) => [
    change.at,
    change.version,
    `${change.from} → ${change.to}`,
    change.act,
    names(change.actor),
    `${change.approvers.map(names).join(', ') || '-'}${change.isImported ? ' (imported)' : ''}`,
  ]);
  const table = renderTable(['AT', 'VERSION', 'STAGE', 'ACT', 'BY', 'APPROVED BY'], rows);
  const text = changes.length === 0 ? `No version of ${model} has left development yet` : table;
  return {
    exitCode: 0,
    data: { model, changes, cursor },
    text: cursor === null ? text : `${text}\nMore: --after ${cursor}`,
  };
};

async function productionAt(registry: Registry, model: string, at: Date): Promise<CommandResult> {
  const change = await registry.productionAt({ model, at });
  const data = { model, at: at.toISOString(), production: change };
  if (change === null)
    return { exitCode: 0, data, text: `${model} had no version in production at ${at.toISOString()}` };
  const names = await namesIn(registry, [change]);
  const approved =
    change.approvalId === null
      ? 'without an approval on record'
      : `approved by ${change.approvers.map(names).join(', ')} (${change.approvalId})`;
  return {
    exitCode: 0,
    data,
    text: [
      `${model} at ${at.toISOString()}: ${change.version}`,
      `in production since ${change.at}, put there by ${names(change.actor)}, ${approved}`,
      ...(change.bound === null ? [] : [`artifact ${change.bound.artifact ?? 'none'}, policy ${change.bound.policy}`]),
      change.isImported
        ? `By what an imported file says: mlops audit event ${change.ledgerSequence}`
        : `Proof: mlops audit event ${change.ledgerSequence}`,
    ].join('\n'),
  };
}

async function namesIn(registry: Registry, changes: readonly StageChangeRecord[]): Promise<(id: string) => string> {
  const ids = [...new Set(changes.flatMap(({ actor, approvers }) => [actor, ...approvers]))];
  const names = await registry.names(ids);
  return (id) => names.get(id) ?? id;
}

const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;

/** A day is its first moment, UTC. @throws USAGE_INVALID */
function parseMoment(text: string): Date {
  const moment = new Date(text);
  if (MOMENT.test(text) && !Number.isNaN(moment.getTime())) return moment;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Moment is ${text || 'empty'}, wanted a day or a time with its zone`,
    hint: 'For example --at 2026-11-01 or --at 2026-11-01T10:00:00Z',
  });
}
