import { MlopsError } from '../../../../domain/errors.ts';
import { EVENT_CATEGORIES } from '../../../../domain/governance/event-draft.ts';
import { isSpan, wantedUntil, type AuditQuery } from '../../../audit/audit-input.ts';
import type { AuditEvent, AuditVerbs } from '../../../audit/audit-verbs.ts';
import { categoryOption, frameworkOption, riskOption, typeOption } from '../../audit/event-words.ts';
import { limitOption, wholeOption } from '../../audit/options.ts';
import { auditVerbsOf } from '../../audit/verbs.ts';
import type { CommandContext, CommandInput, CommandRun } from '../../command.ts';
import { given } from '../../given.ts';
import { parseMoment } from '../../moment.ts';
import { renderTable } from '../../render-table.ts';
import { listOption, textOption } from '../../rollout/options.ts';

/** `mlops audit query`: events that meet every condition, newest first; `-o jsonl` streams all of them. */
export const run: CommandRun = async (context, input) => {
  const asked = queryOf(input);
  const audit = auditVerbsOf(context);
  if (context.format === 'jsonl') {
    await stream(context, audit, asked);
    return { exitCode: 0, text: '' };
  }
  const { cursor, events } = await audit.query(asked);
  return { exitCode: 0, data: { events, cursor }, text: await render(context, events, cursor) };
};

async function stream({ print, signal }: CommandContext, audit: AuditVerbs, asked: AuditQuery): Promise<void> {
  for await (const event of audit.events(asked)) {
    if (signal.aborted) return;
    print(JSON.stringify(event));
  }
}

async function render(
  { composition }: CommandContext,
  events: readonly AuditEvent[],
  cursor: number | null,
): Promise<string> {
  if (events.length === 0) return 'No event meets these conditions.';
  const names = await (await composition.ledger()).names([...new Set(events.map(({ actor }) => actor.id))]);
  const rows = events.map(({ actor, recordedAt, resource, risk, sequence, type }) => [
    String(sequence),
    recordedAt,
    type,
    names.get(actor.id) ?? actor.id,
    resource,
    risk,
  ]);
  const table = renderTable(['SEQUENCE', 'RECORDED AT', 'TYPE', 'ACTOR', 'RESOURCE', 'RISK'], rows);
  return cursor === null ? table : `${table}\nThere are more: --after ${cursor}`;
}

function queryOf(input: CommandInput): AuditQuery {
  const text = (name: string): string | null => textOption(input, name) || null;
  // Types have a dot; what has none and names a category is meant as one.
  const named = EVENT_CATEGORIES.find((category) => category === text('type')?.toLowerCase()) ?? null;
  const words = listOption(input, 'text')
    .flatMap((one) => one.split(/\s+/))
    .filter((word) => word !== '');
  return given({
    type: named === null ? (typeOption(input) ?? null) : null,
    category: categoryOption(input) ?? named,
    actor: text('actor'),
    resource: text('resource'),
    ...spanOf(input),
    risk: riskOption(input) ?? null,
    framework: frameworkOption(input) ?? null,
    words,
    oldestFirst: input.options['oldestFirst'] === true,
    after: wholeOption(input, 'after'),
    limit: limitOption(input),
  });
}

/** @throws USAGE_INVALID for times between which nothing can be */
function spanOf(input: CommandInput): { readonly since: Date | null; readonly until: Date | null } {
  const momentOf = (name: string): Date | null => {
    const text = textOption(input, name);
    return text === '' ? null : parseMoment(text, `--${name}`);
  };
  const [since, until] = [momentOf('since'), momentOf('until')];
  const span = given({ since, until });
  if (!isSpan(span))
    throw new MlopsError('USAGE_INVALID', {
      problem: `--until is not valid: ${textOption(input, 'until')}, ${wantedUntil(span, '--since')}`,
      hint: 'Nothing is recorded before one of them and after the other: change them over',
    });
  return { since, until };
}
