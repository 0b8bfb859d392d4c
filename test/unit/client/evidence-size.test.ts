import { describe, expect, it } from 'vitest';
import { renderSize } from '../../../client/reports/evidence-size.ts';
import { renderDuration } from '../../../client/reports/html.ts';

describe('numbers for people', () => {
  it.each([
    [0, '0'],
    [1.34, '1.3'],
    [20, '20'],
    [0.0131, '0.013'],
    [812.4, '812'],
    [12_345, '1.2e4'],
    [1e300, '1e300'],
    [0.000_13, '1.3e-4'],
    [Number.NaN, '-'],
  ])('write evidence %d as %s', (value, text) => expect(renderSize(value)).toBe(text));

  it.each([
    [0, '0 s'],
    [8_400, '8 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
    [86_400_000, '1 d'],
    [-5, '0 s'],
  ])('write %d ms as %s', (ms, text) => expect(renderDuration(ms)).toBe(text));
});
