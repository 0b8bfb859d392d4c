import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTIONS, isAllowed } from '../../../../domain/governance/permissions.ts';
import { ROLE_NAMES } from '../../../../domain/governance/roles.ts';

/** The table as it was decided, written a second time: V viewer, E engineer, R reviewer, P approver, O operator, A auditor, D admin. */
const DECIDED: Readonly<Record<string, string>> = {
  'approval.decide': 'RP',
  'approval.delegate': 'RP',
  'approval.read': 'VERPOAD',
  'audit.export': 'A',
  'audit.payload-read': 'A',
  'audit.query': 'AD',
  'governance.erase': 'D',
  'governance.acknowledge': 'AD',
  'governance.hold': 'A',
  'governance.read': 'AD',
  'governance.record': 'EOAD',
  'governance.release-hold': 'A',
  'governance.rotate': 'D',
  'identity.create': 'D',
  'identity.grant': 'D',
  'identity.list': 'AD',
  'identity.revoke': 'D',
  'identity.rotate': 'D',
  'identity.rotate-own': 'VERPOAD',
  'model.alias': 'EO',
  'model.demote': 'EO',
  'model.endpoint': 'EO',
  'model.export': 'EAD',
  'model.import': 'D',
  'model.promote': 'EO',
  'model.read': 'VERPOAD',
  'model.register': 'E',
  'model.retire': 'EO',
  'model.tag': 'EO',
  'rollout.abort': 'EPO',
  'rollout.approve': 'P',
  'rollout.deny': 'P',
  'rollout.pause': 'EPO',
  'rollout.promote': 'O',
  'rollout.read': 'VERPOAD',
  'rollout.resume': 'EO',
  'rollout.rollback': 'O',
  'rollout.start': 'EO',
  'webhook.manage': 'D',
  'webhook.read': 'AD',
};

const LETTERS = { viewer: 'V', engineer: 'E', reviewer: 'R', approver: 'P', operator: 'O', auditor: 'A', admin: 'D' };

describe('permissions', () => {
  it('has a decision for each action and for no other', () => {
    expect(ACTIONS.toSorted()).toEqual(Object.keys(DECIDED).toSorted());
  });

  const cells = Object.entries(DECIDED).flatMap(([action, letters]) =>
    ROLE_NAMES.map((role) => [action, role, letters.includes(LETTERS[role])] as const),
  );
  it.each(cells)('%s by %s: %s', (action, role, decided) => {
    expect(isAllowed(action, [role])).toBe(decided);
  });

  it('allows nothing to nobody, and nothing that is not in the table', () => {
    for (const action of ACTIONS) expect(isAllowed(action, [])).toBe(false);
    fc.assert(
      fc.property(fc.string(), (action) => {
        fc.pre(!Object.hasOwn(DECIDED, action));
        expect(isAllowed(action, ROLE_NAMES)).toBe(false);
      }),
    );
    for (const action of ['constructor', 'toString', '__proto__']) expect(isAllowed(action, ROLE_NAMES)).toBe(false);
  });

  it('takes no role for another', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ACTIONS), fc.string(), (action, role) => {
        fc.pre(!(ROLE_NAMES as readonly string[]).includes(role));
        expect(isAllowed(action, [role])).toBe(false);
      }),
    );
  });
});
