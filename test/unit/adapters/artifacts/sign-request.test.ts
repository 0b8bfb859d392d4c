import { describe, expect, it } from 'vitest';
import { encodeName, signRequest } from '../../../../adapters/artifacts/s3/sign-request.ts';

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const signatureOf = (headers: Record<string, string>): string => headers['authorization']?.split('Signature=')[1] ?? '';

// AWS, "Signature Calculations for the Authorization Header" of Amazon S3: the four examples.
const S3_KEYS = {
  accessKey: 'AKIAIOSFODNN7EXAMPLE',
  secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: null,
};
const S3_SCOPE = { region: 'us-east-1', service: 's3', time: Date.UTC(2013, 4, 24) };
const HOST = 'https://examplebucket.s3.amazonaws.com';

// AWS's test suite of Signature Version 4.
const SUITE_KEYS = {
  accessKey: 'AKIDEXAMPLE',
  secretKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: null,
};
const SUITE_SCOPE = { region: 'us-east-1', service: 'service', time: Date.UTC(2015, 7, 30, 12, 36) };

describe('signRequest()', () => {
  it.each([
    [
      'GET Object',
      'GET',
      '/test.txt',
      { range: 'bytes=0-9' },
      EMPTY,
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'PUT Object',
      'PUT',
      `/${encodeName('test$file.text')}`,
      { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'GET Bucket Lifecycle',
      'GET',
      '/?lifecycle',
      {},
      EMPTY,
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'List Objects',
      'GET',
      '/?max-keys=2&prefix=J',
      {},
      EMPTY,
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('gives the signature that AWS publishes for %s', (_name, method, path, headers, payloadHash, signature) => {
    const request = {
      method,
      url: new URL(path, HOST),
      payloadHash,
      headers: { ...headers, 'x-amz-content-sha256': payloadHash },
    };
    expect(signatureOf(signRequest(request, S3_KEYS, S3_SCOPE))).toBe(signature);
  });

  it.each([
    ['get-vanilla', 'GET', '/', {}, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    [
      'get-vanilla-query-order-key-case',
      'GET',
      '/?Param2=value2&Param1=value1',
      {},
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    ['post-vanilla', 'POST', '/', {}, '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'post-header-key-sort',
      'POST',
      '/',
      { 'My-Header1': 'value1' },
      'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
    ],
  ])('gives the signature of the test suite for %s', (_name, method, path, headers, signature) => {
    const request = { method, url: new URL(path, 'https://example.amazonaws.com'), payloadHash: EMPTY, headers };
    expect(signatureOf(signRequest(request, SUITE_KEYS, SUITE_SCOPE))).toBe(signature);
  });

  it('signs the token of a session, and never shows a secret', () => {
    const request = { method: 'GET', url: new URL(HOST), payloadHash: EMPTY, headers: {} };
    const headers = signRequest(request, { ...S3_KEYS, sessionToken: 'a token' }, S3_SCOPE);
    expect(headers['x-amz-security-token']).toBe('a token');
    expect(headers['authorization']).toContain('x-amz-security-token');
    expect(JSON.stringify(headers)).not.toContain(S3_KEYS.secretKey);
  });
});

describe('encodeName()', () => {
  it('encodes all but unreserved characters', () => {
    expect(encodeName("aZ0-_.~!'()*+ /ü=&")).toBe('aZ0-_.~%21%27%28%29%2A%2B%20%2F%C3%BC%3D%26');
  });
});
