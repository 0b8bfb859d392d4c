import { describe, expect, it } from 'vitest';
import { boundContentOf, sameBound } from '../../../../domain/registry/bound-content.ts';
import { APPROVAL_POLICY } from '../../../support/approval-policy.ts';
import { assemblePolicy } from '../../../../domain/registry/policy.ts';
import { resourceOfAlias, resourceOfPromotion } from '../../../../domain/registry/resource-names.ts';
import { isLegal, legalInWords, STAGES, type Stage, type StageAct } from '../../../../domain/registry/stages.ts';
import { sha256Of } from '../../../../adapters/crypto/sha256.ts';
import { ALIAS_NAME } from '../../../../domain/registry/alias.ts';

describe('the transitions of a version', () => {
  const legal: Record<StageAct, readonly (readonly [Stage, Stage])[]> = {
    promote: [
      ['development', 'staging'],
      ['staging', 'production'],
    ],
    demote: [
      ['staging', 'development'],
      ['production', 'staging'],
      ['production', 'deprecated'],
    ],
    retire: [
      ['development', 'archived'],
      ['staging', 'archived'],
      ['production', 'archived'],
      ['deprecated', 'archived'],
    ],
  };

  it.each(Object.keys(legal) as StageAct[])('by the act %s are these and no others', (act) => {
    const found = STAGES.flatMap((from) => STAGES.flatMap((to) => (isLegal(act, from, to) ? [[from, to]] : [])));
    expect(found).toEqual(legal[act]);
  });

  it('skip no stage, and lead nowhere from the end', () => {
    expect(isLegal('promote', 'development', 'production')).toBe(false);
    expect(legalInWords('promote', 'development')).toBe('staging');
    expect(legalInWords('promote', 'archived')).toBe('nothing: archived cannot be promoted');
  });
});

describe('what an approval binds', () => {
  const metric = { name: 'recall_at_5', value: 0.9, unit: 'ratio', direction: 'higher' } as const;
  const bound = (artifact: string | null, value: number, aliases: readonly string[]) =>
    boundContentOf({ artifact, metrics: [{ ...metric, value }] }, assemblePolicy(aliases, APPROVAL_POLICY), sha256Of);

  it('is artifact, tests and policy: a change of one is seen, and of nothing else', () => {
    const first = bound('a', 0.9, []);
    expect(sameBound(first, bound('a', 0.9, ['champion'])), 'it was protected before').toBe(true);
    for (const other of [bound('b', 0.9, []), bound(null, 0.9, []), bound('a', 0.91, []), bound('a', 0.9, ['gold'])])
      expect(sameBound(first, other)).toBe(false);
  });

  it('is for a version and a place', () => {
    const place = { model: 'm', version: '1.0.0', environment: 'dev' };
    expect(resourceOfPromotion({ ...place, stage: 'production' })).toBe('model/m/1.0.0/stage/dev/production');
    expect(resourceOfAlias({ ...place, alias: 'champion' })).toBe('model/m/1.0.0/alias/dev/champion');
  });
});

describe('the policy', () => {
  it('protects production and champion whatever is configured', () =>
    expect(assemblePolicy(['gold', 'champion'], APPROVAL_POLICY).protectedAliases).toEqual([
      'champion',
      'gold',
      'production',
    ]));
});

describe('an alias', () => {
  it.each(['champion', 'a', 'blue_2', 'V2x', '0', 'x'.repeat(255)])('may be %s', (name) =>
    expect(ALIAS_NAME.test(name)).toBe(true),
  );
  it.each(['latest', 'LATEST', 'v1', 'V22', '', '1.0.0', 'a b', 'a/b', '-x', 'x'.repeat(256)])(
    'may not be %j',
    (name) => expect(ALIAS_NAME.test(name)).toBe(false),
  );
});
