import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasCredentials, hideCredentials } from '../../../domain/url-credentials.ts';

describe('credentials in a URL', () => {
  it.each([
    ['http://ada:secret@host/metrics', true],
    ['http://ada@host', true],
    ['postgres://:secret@host:5432/db', true],
    ['s3://key:secret@bucket/a', true],
    ['http://host/a@b', false],
    ['http://host?to=ada@host', false],
    ['s3://bucket/models', false],
    ['/srv/models/ada@host', false],
  ])('%s: %s', (url, has) => {
    expect(hasCredentials(url)).toBe(has);
  });

  it('are hidden wherever a text has them, also where the password is not escaped', () => {
    expect(hideCredentials('at "http://ada:p@s/s@host/x" and ftp://b:c@h')).toBe(
      'at "http://(hidden)@host/x" and ftp://(hidden)@h',
    );
    expect(hideCredentials('Endpoint http://host:80/a refused, ask ada@host')).toBe(
      'Endpoint http://host:80/a refused, ask ada@host',
    );
  });

  it('are hidden whatever they are', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[^\s"'`]{8,20}$/), (password) => {
        expect(hideCredentials(`URL is "http://ada:${password}~@host"`)).not.toContain(`${password}~`);
      }),
    );
  });
});
