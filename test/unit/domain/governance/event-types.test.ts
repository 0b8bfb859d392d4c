import { describe, expect, it } from 'vitest';
import { EVENT_PATTERNS } from '../../../../domain/governance/event-grants.ts';
import { EVENT_TYPES, isEventType, TYPE_PREFIXES } from '../../../../domain/governance/event-types.ts';
import { ACTIONS } from '../../../../domain/governance/permissions.ts';

describe('a type of events', () => {
  it.each([...EVENT_TYPES, ...TYPE_PREFIXES, ...ACTIONS.map((action) => `${action}-refused`)])(
    '%s is known',
    (type) => {
      expect(isEventType(type)).toBe(true);
    },
  );

  it('is known where a role may append it', () => {
    const named = EVENT_PATTERNS.filter((pattern) => !pattern.startsWith('%')).map((pattern) =>
      pattern.replace('%', ''),
    );
    expect(named.filter((type) => !isEventType(type.replace(/-$/, '')))).toEqual([]);
  });

  it.each(['rollout.whatever-happens', 'recorded.deploy_production', 'traffic.applied'])(
    '%s can be there: its family cannot be listed',
    (type) => {
      expect(isEventType(type)).toBe(true);
    },
  );

  it.each([
    'nonsense',
    'rollout',
    '',
    '.',
    'nope.',
    'model.promotd',
    'approval.approved',
    '__proto__.x',
    'recorded.Ada Lovelace, ada@example.org',
    'model.Ada Lovelace-refused',
    'rollout.\n',
  ])('%s is none', (type) => {
    expect(isEventType(type)).toBe(false);
  });
});
