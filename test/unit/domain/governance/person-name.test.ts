import { expect, it } from 'vitest';
import { foldName, isNewName } from '../../../../domain/governance/person-name.ts';

it.each(['ada', 'Ada Lovelace', 'zöe', 'Ольга', 'Αλέξης', 'ci-2', 'ada@example', '李雷', 'x'.repeat(64)])(
  'somebody may become known as %s',
  (name) => expect(isNewName(name)).toBe(true),
);

it.each([
  ['', 'nothing'],
  [' ada', 'a blank before'],
  ['ada ', 'a blank behind'],
  ['ada  lovelace', 'two blanks'],
  ['ad\u0430', 'a Cyrillic letter among Latin ones'],
  ['\u0391da', 'a Greek letter among Latin ones'],
  ['\uFF41\uFF44\uFF41', 'wide letters'],
  ['zo\u0308e', 'an accent of its own'],
  ['../ada', 'a path'],
  ['x'.repeat(65), 'too many letters'],
])('and not as %j: %s', (name) => expect(isNewName(name)).toBe(false));

it('takes for one what people do', () => {
  expect(['Ada', ' ada ', 'ＡＤＡ', 'aDa'].map(foldName)).toEqual(['ada', 'ada', 'ada', 'ada']);
  expect(foldName('Ada  Lovelace')).toBe('ada lovelace');
});
