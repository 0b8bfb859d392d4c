import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestPath } from '../../../adapters/gateway/request-path.ts';

describe('the path of a request', () => {
  it.each([
    ['/query?k=3', '/query?k=3'],
    ['/a//b/', '/a//b/'],
    ['', '/'],
    ['?k=3', '/?k=3'],
    ['http://evil.example:81/steal?x=1', '/steal?x=1'],
    ['http://user:word@evil.example', '/'],
    ['http://[', '/'],
    ['//evil.example/steal', '/evil.example/steal'],
    ['/\\evil.example/steal', '/evil.example/steal'],
    ['\\\\evil.example', null],
    ['/a/../../b', '/b'],
    ['/%2e%2e/b', '/b'],
    ['/.//evil.example/steal', '/evil.example/steal'],
    ['/%ZZ', '/%ZZ'],
    ['*', null],
    ['evil.example:80', null],
  ])('of %j is %j', (target, path) => expect(requestPath(target)).toBe(path));

  it('never names a host, whatever the client wrote, and stays what it is when taken again', () => {
    const piece = fc.constantFrom('/', '//', '\\', '..', '.', '%2e', '@', ':', '?', '#', 'http://', 'evil', '%ZZ', '*');
    const target = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(target, (text) => {
        const path = requestPath(text);
        if (path === null) return;
        expect(path).toMatch(/^\/(?![/\\])/);
        expect(new URL(path, 'http://service.invalid').host).toBe('service.invalid');
        expect(requestPath(path)).toBe(path);
      }),
    );
  });
});
