import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EVENT_PATTERNS } from '../../../../domain/governance/event-grants.ts';
import { EVENT_TYPES, isEventType, TYPE_PREFIXES, wantedEventType } from '../../../../domain/governance/event-types.ts';
import { ACTIONS } from '../../../../domain/governance/permissions.ts';
import { STORY } from '../../../../domain/rollout/story.ts';

const SOURCES = globSync('{activities,adapters,client,domain,workers,workflows}/**/*.ts').map((file) =>
  readFileSync(file, 'utf8'),
);
const inSources = (pattern: RegExp): string[] =>
  SOURCES.flatMap((source) => [...source.matchAll(pattern)].map((found) => found[1] ?? ''));

describe('a type of events', () => {
  it.each([
    ...EVENT_TYPES,
    ...TYPE_PREFIXES,
    ...ACTIONS.map((action) => `${action}-refused`),
    ...STORY.map((event) => `rollout.${event}`),
    'recorded.deploy_production',
    'traffic.emergency-done',
  ])('%s is known', (type) => {
    expect(isEventType(type)).toBe(true);
  });

  it('is known where a role may append it', () => {
    const unknown = EVENT_PATTERNS.filter((pattern) =>
      pattern.endsWith('%')
        ? !EVENT_TYPES.some((type) => type.startsWith(pattern.slice(0, -1)))
        : !pattern.startsWith('%') && !isEventType(pattern),
    );
    expect(unknown).toEqual([]);
  });

  it('is known where the program appends it', () => {
    const appended = inSources(/\btype: '([a-z]+\.[a-z-]+)'/g);
    expect(appended).toContain('ledger.opened');
    expect(appended.filter((type) => !isEventType(type))).toEqual([]);
  });

  it('is known where the program refuses it', () => {
    const refused = inSources(/\baction: '([a-z]+\.[a-z-]+)'/g);
    expect(refused).toContain('model.depend');
    expect(refused.filter((action) => !isEventType(`${action}-refused`))).toEqual([]);
  });

  it.each([
    'nonsense',
    'rollout',
    '',
    '.',
    'nope.',
    'model.promotd',
    'approval.approved',
    'rollout.whatever-happens',
    'rollout.nonsense-refused',
    'traffic.aplied',
    'traffic.emergency-',
    'ledger.closed',
    'audit.query',
    'incident.closed',
    '__proto__.x',
    'recorded.Ada Lovelace, ada@example.org',
    `recorded.${'x'.repeat(101)}`,
    'model.Ada Lovelace-refused',
    'rollout.\n',
  ])('%s is none', (type) => {
    expect(isEventType(type)).toBe(false);
  });

  it.each([
    ['nonsense', 'wanted a type such as rollout.opened, or the beginning of some: access. approval. audit.'],
    ['rollout.nonsense', 'wanted rollout. or one of rollout.opened, rollout.started,'],
    ['rollout.nonsense', ', rollout.read, rollout.abort-refused,'],
    ['ledger.closed', 'wanted ledger. or one of ledger.opened'],
    ['recorded.No', 'wanted recorded. and an action like deploy_production'],
  ])('in place of %s is said: %s', (type, words) => {
    expect(`wanted ${wantedEventType(type)}`).toContain(words);
  });
});
