import { describe, expect, it } from 'vitest';
import { parseHistory } from '../../../../client/rollouts/parse-history.ts';
import {
  assembleSeries,
  findHistoryGap,
  historyOfPairs,
  splitSeries,
} from '../../../../domain/rollout/calibration/history.ts';

const tick = (requests: number, errors: number, segment = 'a') => ({ requests, errors, segment });

describe('a history', () => {
  it('leaves out ticks that are missing, empty or impossible, and knows where a segment begins', () => {
    const history = [tick(10, 1), tick(0, 0), tick(5, 6), tick(Number.NaN, 0), tick(10, 2), tick(10, 3, 'b')];
    const { events, begins } = assembleSeries(history, 'errors');
    expect(events).toEqual([1, 2, 3]);
    expect(begins).toEqual([true, false, true]);
    expect(assembleSeries(history, 'slow').events).toEqual([]);
  });

  it('has a slowly moving rate per segment, and per part once it is split', () => {
    const calm = Array.from({ length: 500 }, () => tick(1000, 5, 'a'));
    const busy = Array.from({ length: 500 }, () => tick(1000, 50, 'b'));
    const series = assembleSeries([...calm, ...busy], 'errors');
    expect(series.base[499]).toBeCloseTo(0.005, 4);
    expect(series.base[500]).toBeCloseTo(0.05, 4);
    const { first, later } = splitSeries(series);
    expect([first.events.length, later.events.length]).toEqual([500, 500]);
    expect(later.begins[0]).toBe(true);
  });

  it('of an A/A run puts the earlier half of both arms before the later half', () => {
    const pairs = [1, 2, 3, 4].map((n) => ({
      canary: { requests: 10, errors: n },
      control: { requests: 10, errors: n + 4 },
    }));
    const history = historyOfPairs(pairs, 'run');
    expect(history.map(({ errors }) => errors)).toEqual([5, 6, 1, 2, 7, 8, 3, 4]);
    expect(new Set(history.map(({ segment }) => segment)).size).toBe(4);
  });

  it('says what it lacks: ticks, or events in them', () => {
    const short = assembleSeries(
      Array.from({ length: 999 }, () => tick(600, 3)),
      'errors',
    );
    expect(findHistoryGap(short, 'errors')).toMatchObject({ value: 999, wanted: 1000 });
    const empty = assembleSeries(
      Array.from({ length: 1200 }, () => tick(600, 0)),
      'errors',
    );
    expect(findHistoryGap(empty, 'errors')).toMatchObject({ what: 'errors', value: 0, wanted: 100 });
    const long = assembleSeries(
      Array.from({ length: 1000 }, () => tick(600, 3)),
      'errors',
    );
    expect(findHistoryGap(long, 'errors')).toBeNull();
  });

  it('in a file is refused when mixed, or not one, naming the line', () => {
    const one = '{"requests": 600, "errors": 3, "slow": 7}';
    const stream = '{"ticks": [{"canary": {"requests": 1, "errors": 0}, "control": {"requests": 2, "errors": 0}}]}';
    expect(parseHistory('h', `${one}\n\n${one}`)).toEqual([JSON.parse(one), JSON.parse(one)]);
    expect(parseHistory('h', stream).map(({ requests }) => requests)).toEqual([2, 1]);
    expect(() => parseHistory('h', `${one}\n${stream}`)).toThrow('mixed');
    expect(() => parseHistory('h', `${one}\n{"requests": -1, "errors": 0}`)).toThrow('line 2');
    expect(() => parseHistory('h', 'nothing')).toThrow('line 1');
  });
});
