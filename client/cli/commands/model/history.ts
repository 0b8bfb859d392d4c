import type { StageChangeRecord } from '../../../../domain/registry/records.ts';
import { markImported } from '../../../../domain/registry/imported-name.ts';
import type { Registry } from '../../../registry-port.ts';
import { limitOption, wholeOption } from '../../audit/options.ts';
import type { CommandResult, CommandRun } from '../../command.ts';
import { parseMoment } from '../../moment.ts';
import { renderTable } from '../../render-table.ts';

const SHOWN = 50;
const MOST = 1000;

/** `mlops model history`: who was in production when, and by whose approval. */
export const run: CommandRun = async (context, input) => {
  const [model = ''] = input.args;
  const [limit, after] = [limitOption(input, MOST) ?? SHOWN, wholeOption(input, 'after')];
  const { at } = input.options;
  const moment = typeof at === 'string' ? parseMoment(at, '--at') : null;
  const registry = await context.composition.registry();
  if (moment !== null) return await productionAt(registry, model, moment);
  const { changes, cursor } = await registry.history({ model, after, limit });
  const names = await namesIn(registry, changes);
  const isOfSeveral = new Set(changes.map(({ modelId }) => modelId)).size > 1;
  const rows = changes.map((change) => [
    ...(isOfSeveral ? [change.modelId] : []),
    change.at,
    change.version,
    `${change.from} → ${change.to}`,
    change.act,
    names(change.actor, change),
    change.approvers.map((id) => names(id, change)).join(', ') || '-',
    change.approvalId ?? '-',
  ]);
  const table = renderTable(
    [...(isOfSeveral ? ['MODEL'] : []), 'AT', 'VERSION', 'STAGE', 'ACT', 'BY', 'APPROVED BY', 'APPROVAL'],
    rows,
  );
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
      : `approved by ${change.approvers.map((id) => names(id, change)).join(', ')} (mlops approval show ${change.approvalId})`;
  return {
    exitCode: 0,
    data,
    text: [
      `${model} at ${at.toISOString()}: ${change.version}`,
      `in production since ${change.at}, put there by ${names(change.actor, change)}, ${approved}`,
      ...(change.bound === null ? [] : [`artifact ${change.bound.artifact ?? 'none'}, policy ${change.bound.policy}`]),
      change.isImported
        ? `By what an imported file says: mlops audit event ${change.ledgerSequence}`
        : `Proof: mlops audit event ${change.ledgerSequence}`,
    ].join('\n'),
  };
}

/** Who somebody is, by their name as far as there is one; in what an import says, whoever they are. */
type NameOf = (id: string, change: Pick<StageChangeRecord, 'isImported'>) => string;

async function namesIn(registry: Registry, changes: readonly StageChangeRecord[]): Promise<NameOf> {
  const ids = [...new Set(changes.flatMap(({ actor, approvers }) => [actor, ...approvers]))];
  const names = await registry.names(ids);
  return (id, { isImported }) => {
    const name = names.get(id) ?? id;
    return isImported ? markImported(name) : name;
  };
}
