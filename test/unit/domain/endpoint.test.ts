import { expect, it } from 'vitest';
import { assertAllowedEndpoint, isAllowedEndpoint } from '../../../domain/rollout/endpoint.ts';

const HOSTS = ['127.0.0.1', '::1', 'rag.internal'];

it.each([
  ['http://127.0.0.1:9101', true],
  ['https://rag.internal/v2', true],
  ['https://RAG.internal', true],
  ['http://[::1]:9101', true],
  ['http://rag.internal.evil.example', false],
  ['http://rag.internal@evil.example', false],
  ['http://127.0.0.2', false],
  ['ftp://rag.internal', false],
  ['file:///etc/passwd', false],
  ['rag.internal', false],
  ['', false],
])('endpoint %s is allowed: %s', (endpoint, allowed) => {
  expect(isAllowedEndpoint(endpoint, HOSTS)).toBe(allowed);
});

it('a refusal names the hosts', () => {
  expect(() => assertAllowedEndpoint('http://evil.example', HOSTS)).toThrow(
    'Endpoint http://evil.example refused: wanted http(s) on one of 127.0.0.1, ::1, rag.internal',
  );
});
