import { property, assert as assertAll, domain, nat } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertAllowedHost, isAllowedHost } from '../../../domain/allowed-host.ts';

describe('a call', () => {
  it.each([
    ['localhost', true],
    ['localhost:5000', true],
    ['LOCALHOST:5000', true],
    ['127.0.0.1:5000', true],
    ['127.8.8.8', true],
    ['192.168.7.4:5000', true],
    ['[::1]:5000', true],
    ['[::ffff:127.0.0.1]:5000', true],
    ['mlops.internal', true],
    ['MLOPS.internal:443', true],
    ['evil.example:5000', false],
    ['localhost.evil.example:5000', false],
    ['127.0.0.1.evil.example', false],
    ['127.0.0.1:5000.evil.example', false],
    ['evil.example:5000:127.0.0.1', false],
    ['a@localhost', false],
    ['localhost evil.example', false],
    ['not-mlops.internal', false],
    ['sub.mlops.internal', false],
    ['[evil.example]', false],
    ['::1', false],
    ['', false],
    [undefined, false],
  ])('that was sent to %s is meant for us: %s', (host, isOurs) => {
    expect(isAllowedHost(host, ['mlops.internal'])).toBe(isOurs);
  });

  it('to a name that nobody configured is not meant for us, whatever the port', () => {
    assertAll(
      property(domain(), nat(65_535), (name, port) => {
        expect(isAllowedHost(`${name}:${port}`, [])).toBe(false);
        expect(isAllowedHost(`${name}:${port}`, [name.toLowerCase()])).toBe(true);
      }),
    );
  });

  it('is told which names would be right, and not more of a long one than people read', () => {
    expect(() => assertAllowedHost('evil.example', ['mlops.internal'])).toThrow(
      'Host is not allowed: evil.example, wanted localhost, an address, mlops.internal',
    );
    expect(() => assertAllowedHost('e'.repeat(5000), [])).toThrow(/: e{100}, wanted/);
  });
});
