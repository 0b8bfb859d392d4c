import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findLeaks, planted, textAt } from '../../support/leaks.ts';

/** With what has to be escaped. */
const SECRET = 'a/+"secret"-\\5f2c9d81e7';
const found = (text: string, secret = planted('it', SECRET)): boolean =>
  findLeaks([secret], [textAt('there', text)]).length > 0;

describe('a secret is found', () => {
  it.each([0, 1, 2, 3, 4, 5])('in base64 of a text in which it begins at %i', (at) => {
    const text = Buffer.from(`${'x'.repeat(at)}${SECRET} and more`);
    expect(found(text.toString('base64'))).toBe(true);
    expect(found(text.toString('base64url'))).toBe(true);
  });

  it.each([
    ['as it is', `token=${SECRET};`],
    ['in hexadecimal', `\\x00${Buffer.from(`a${SECRET}`).toString('hex')}`],
    ['in capital hexadecimal', Buffer.from(SECRET).toString('hex').toUpperCase()],
    ['in a URL', `http://ada:${encodeURIComponent(SECRET)}@host`],
    ['in JSON', JSON.stringify({ password: SECRET })],
    ['in JSON within JSON', JSON.stringify({ body: JSON.stringify({ password: SECRET }) })],
  ])('%s', (_, text) => {
    expect(found(text)).toBe(true);
  });

  it('that is no text, in bytes and in base64', () => {
    const secret = { name: 'key', bytes: randomBytes(32) };
    const text = Buffer.concat([Buffer.from('ab'), secret.bytes, Buffer.from('c')]);
    expect(findLeaks([secret], [{ name: 'file', content: text }])).toEqual(['key (raw) in file']);
    expect(found(text.toString('base64'), secret)).toBe(true);
  });
});

it('nothing is found where nothing is', () => {
  expect(found(SECRET.slice(0, -1))).toBe(false);
  expect(found(Buffer.from('another secret of that length').toString('base64'))).toBe(false);
});
