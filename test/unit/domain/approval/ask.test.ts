import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentOfAsk, parseAsk } from '../../../../domain/registry/approval/ask.ts';
import type { ApprovalAsk } from '../../../../domain/registry/approval/request.ts';
import { parseChange, resourceOfChange } from '../../../../domain/registry/version-change.ts';

const ASK: ApprovalAsk = {
  kind: 'stage-promotion',
  resource: 'model/rag_api/2.1.0/stage/production/production',
  environment: 'production',
  requestedBy: 'principal:0000000000000001',
  reason: '',
};

describe('what somebody asks for', () => {
  it('is read without what is said beside', () => {
    const action = { model: 'rag_api' };
    expect(parseAsk({ ...ASK, action, quorum: 1, excluded: {}, bound: {}, evidence: [], risk: {} })).toEqual({
      ...ASK,
      action,
    });
  });

  it('is of any shape, and never breaks who reads it', () => {
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom(...Object.keys(ASK)), (any, name) => {
        expect(typeof parseAsk(any)).toBe('string');
        const read = parseAsk({ ...ASK, [name]: any });
        expect(typeof read === 'string' || (read as unknown as Record<string, unknown>)[name] === any).toBe(true);
      }),
    );
  });

  it('is signed with everything but who is to believe it', () => {
    const ways: Partial<ApprovalAsk>[] = [
      { kind: 'erasure' },
      { environment: 'staging' },
      { requestedBy: 'principal:0000000000000002' },
      { reason: 'because' },
      { action: { model: 'rag_api' } },
    ];
    for (const way of ways) expect(contentOfAsk({ ...ASK, ...way })).not.toEqual(contentOfAsk(ASK));
  });
});

describe('what a change of a version is named', () => {
  it.each([
    'model/rag_api/2.1.0/stage/production/staging',
    'model/rag_api/2.1.0/stage/production/production',
    'model/rag_api/2.1.0-rc.1/alias/production/champion',
  ])('%s leads there and back', (resource) => {
    const change = parseChange(resource);
    expect(change === null ? null : resourceOfChange(change, 'production')).toBe(resource);
    expect(change === null ? null : resourceOfChange(change, 'dev')).not.toBe(resource);
  });
});
