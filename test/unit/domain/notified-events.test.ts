import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { NOTIFIED_EVENTS } from '../../../domain/rollout/notified-events.ts';

const ROOT = join(import.meta.dirname, '../../..');
const known: readonly string[] = NOTIFIED_EVENTS;

it('the events that webhooks may ask for are those of the page, and those that are told', () => {
  const page = readFileSync(join(ROOT, 'docs/reference/webhooks.md'), 'utf8');
  const rows = [...page.matchAll(/^\| (`.*?) \|/gm)].map(([, events = '']) => events);
  const onPage = rows.flatMap((row) => [...row.matchAll(/`([a-z-]+)`/g)].map(([, event = '']) => event));
  for (const event of known) expect(onPage).toContain(event);

  const folder = join(ROOT, 'workflows/rollout');
  const sources = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  const told = sources.flatMap((text) =>
    [...text.matchAll(/record\(context, \{([^{}]|\{[^{}]*\})*?\}\)/g)]
      .map(([call]) => call)
      .filter((call) => /\bnotify\b/.test(call))
      .map((call) => /event: '([a-z-]+)'/.exec(call)?.[1] ?? null),
  );
  expect(told.length).toBeGreaterThan(10);
  expect(told.filter((event) => event !== null && !known.includes(event))).toEqual([]);
});
