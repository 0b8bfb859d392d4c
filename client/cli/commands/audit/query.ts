import { MlopsError } from '../../../../domain/errors.ts';
import { EVENT_CATEGORIES } from '../../../../domain/governance/event-draft.ts';
import type { EventQuery, StoredEvent } from '../../../../domain/governance/event-query.ts';
import type { Claim } from '../../../../domain/governance/statement.ts';
import { LEDGER_RESOURCE, type LedgerReader } from '../../../ledger-port.ts';
import { categoryOption, frameworkOption, riskOption, typeOption } from '../../audit/event-words.ts';
import { limitOption, wholeOption } from '../../audit/options.ts';
import type { CommandContext, CommandInput, CommandRun } from '../../command.ts';
import { parseMoment } from '../../moment.ts';
import { renderTable } from '../../render-table.ts';
import { listOption, textOption } from '../../rollout/options.ts';

/** Events of a page that is streamed. */
const STREAMED_AT_ONCE = 1000;
const SHOWN = 50;

/** `mlops audit query`: events that meet every condition, newest first; `-o jsonl` streams all of them. */
export const run: CommandRun = async (context, input) => {
  const order: Order = {
    asked: queryOf(input),
    isNewestFirst: input.options['oldestFirst'] !== true,
    after: wholeOption(input, 'after'),
    limit: limitOption(input),
  };
  const ledger = await context.composition.ledger();
  if (context.format === 'jsonl') {
    await stream(context, ledger, order);
    return { exitCode: 0, text: '' };
  }
  const claim = await claimOf(context, order);
  const page = await ledger.query(order.asked, { ...order, limit: order.limit ?? SHOWN }, claim);
  const events = page.events.map(shownOf);
  return { exitCode: 0, data: { events, cursor: page.cursor }, text: await render(ledger, events, page.cursor) };
};

async function claimOf(context: CommandContext, { asked }: Order): Promise<Claim> {
  const who = await context.composition.identity();
  return who.claim({ action: 'audit.query', resource: LEDGER_RESOURCE, content: asked });
}

interface Order {
  readonly asked: EventQuery;
  readonly isNewestFirst: boolean;
  readonly after: number | null;
  /** Null: it was not given. */
  readonly limit: number | null;
}

/** All of them, unless a limit was given. */
async function stream(context: CommandContext, ledger: LedgerReader, order: Order): Promise<void> {
  let left = order.limit ?? Number.POSITIVE_INFINITY;
  for (let { after } = order; left > 0 && !context.signal.aborted;) {
    const page = await ledger.query(
      order.asked,
      { ...order, after, limit: Math.min(left, STREAMED_AT_ONCE) },
      await claimOf(context, order),
    );
    for (const event of page.events) context.print(JSON.stringify(shownOf(event)));
    left -= page.events.length;
    after = page.cursor;
    if (after === null) return;
  }
}

/** What a table shows of an event; there is more in it. */
interface Shown {
  readonly sequence: number;
  readonly recordedAt: string;
  readonly type: string;
  readonly actor: { readonly id: string };
  readonly resource: string;
  readonly risk: string;
  readonly leafHash: string;
}

/** An event as it is hashed, with its leaf hash. */
function shownOf({ canonical, leafHash }: StoredEvent): Shown {
  return { ...(JSON.parse(canonical) as Omit<Shown, 'leafHash'>), leafHash };
}

async function render(ledger: LedgerReader, events: readonly Shown[], cursor: number | null): Promise<string> {
  if (events.length === 0) return 'No event meets these conditions.';
  const names = await ledger.names([...new Set(events.map(({ actor }) => actor.id))]);
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

function queryOf(input: CommandInput): EventQuery {
  const text = (name: string) => textOption(input, name) || undefined;
  // Types have a dot; what has none and names a category is meant as one.
  const named = EVENT_CATEGORIES.find((category) => category === text('type')?.toLowerCase());
  const given = {
    type: named === undefined ? typeOption(input) : undefined,
    category: categoryOption(input) ?? named,
    actor: text('actor'),
    resource: text('resource'),
    ...spanOf(input),
    risk: riskOption(input),
    framework: frameworkOption(input),
    words: listOption(input, 'text')
      .flatMap((words) => words.split(/\s+/))
      .filter((word) => word !== ''),
  };
  const entries = Object.entries(given).filter(
    ([, value]) => value !== undefined && (!Array.isArray(value) || value.length > 0),
  );
  return Object.fromEntries(entries) as EventQuery;
}

/** @throws USAGE_INVALID for times between which nothing can be */
function spanOf(input: CommandInput): Pick<EventQuery, 'since' | 'until'> {
  const [since, until] = ['since', 'until'].map((name) => {
    const text = textOption(input, name);
    return text === '' ? undefined : parseMoment(text, `--${name}`).toISOString();
  });
  if (since !== undefined && until !== undefined && since >= until)
    throw new MlopsError('USAGE_INVALID', {
      problem: `--since ${since} is not before --until ${until}`,
      hint: 'Nothing is recorded before one of them and after the other: change them over',
    });
  return { since, until } as Pick<EventQuery, 'since' | 'until'>;
}
