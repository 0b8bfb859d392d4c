import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignArm, bucketOf } from '../../../domain/rollout/assign-arm.ts';

describe('the choice of an arm', () => {
  it('never moves a user back when the share grows', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(10_000), fc.nat(10_000), (user, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        if (assignArm('m', user, low) === 'canary') expect(assignArm('m', user, high)).toBe('canary');
      }),
    );
  });

  it('spreads users evenly: the share of 20,000 users is off by less than one point', () => {
    const users = Array.from({ length: 20_000 }, (_, i) => `user-${i}`);
    for (const share of [100, 500, 2500, 5000]) {
      const canary = users.filter((user) => assignArm('rag_api', user, share) === 'canary').length;
      expect(Math.abs(canary / users.length - share / 10_000)).toBeLessThan(0.01);
    }
  });

  it('puts everybody on stable at 0 and on the canary at 10,000', () => {
    expect(bucketOf('')).toBeGreaterThanOrEqual(0);
    for (const user of ['', 'a', '用户']) {
      expect(assignArm('m', user, 0)).toBe('stable');
      expect(assignArm('m', user, 10_000)).toBe('canary');
    }
  });

  it('draws other users for another model', () => {
    const users = Array.from({ length: 2000 }, (_, i) => `u${i}`);
    const both = users.filter(
      (user) => assignArm('a', user, 1000) === 'canary' && assignArm('b', user, 1000) === 'canary',
    ).length;
    expect(both).toBeLessThan(60);
  });
});
