import { describe, expect, it } from 'vitest';
import { wayBack, type ProductionChange } from '../../../../domain/registry/way-back.ts';

const ACTS = { P: 'promoted', G: 'gone-back', D: 'demoted' } as const;
/** `P1 P2 G1`: 1 and 2 were promoted, and 1 was gone back to. */
const changesOf = (text: string): ProductionChange[] =>
  text
    .split(' ')
    .flatMap(([act = '', ...id]) =>
      act === '' ? [] : [{ act: ACTS[act as keyof typeof ACTS], versionId: id.join('') }],
    );

describe('the way back', () => {
  it.each([
    ['', '', 'nothing was there'],
    ['P1', '1', ''],
    ['P1 P2 P3', '3 2 1', 'nearest first'],
    ['P1 P2 P3 G2', '2 1', 'what was left is none'],
    ['P1 P2 P3 G1', '1', 'nor what was passed over'],
    ['P1 P2 G1 P3', '3 1', ''],
    ['P1 P2 G1 P2', '2 1', 'it was promoted again'],
    ['P1 P2 G1 G2', '2 1', 'a rollout goes by the approval of before'],
    ['P1 P2 P1', '1 2', 'people have decided about 1 anew'],
    ['P1 P2 D2', '1', 'it was taken out'],
    ['P1 P2 D2 G1', '1', ''],
    ['D2 P1', '1', 'the beginning is not known'],
  ])('after "%s" is "%s" (%s)', (changes, way) => {
    expect(wayBack(changesOf(changes)).join(' ')).toBe(way);
  });
});
