import { describe, expect, it } from 'vitest';
import {
  isPrincipalId,
  problemOfAge,
  problemOfForm,
  problemOfPurpose,
  STATEMENT_LIFE_MS,
  statementText,
  type SignedStatement,
} from '../../../../domain/governance/statement.ts';

const AT = '2026-11-27T10:00:00.000Z';
const SIGNED: SignedStatement = {
  statement: {
    format: 'durable-mlops/statement@1',
    action: 'rollout.approve',
    resource: 'rollout/production/rag_api',
    content: 'a'.repeat(64),
    principal: 'principal:0123456789abcdef',
    key: '0123456789abcdef',
    at: AT,
    nonce: '0'.repeat(32),
  },
  signature: `${'A'.repeat(86)}==`,
};
const ASKED = {
  action: 'rollout.approve',
  resource: 'rollout/production/rag_api',
  content: 'a'.repeat(64),
  principal: 'principal:0123456789abcdef',
};
const changed = (change: object): unknown => ({ ...SIGNED, statement: { ...SIGNED.statement, ...change } });

describe('a statement', () => {
  it('is signed with a first line that nothing else has, and canonically', () => {
    expect(statementText(SIGNED.statement)).toBe(
      `durable-mlops/statement@1\n{"action":"rollout.approve","at":"${AT}","content":"${'a'.repeat(64)}","format":"durable-mlops/statement@1","key":"0123456789abcdef","nonce":"${'0'.repeat(32)}","principal":"principal:0123456789abcdef","resource":"rollout/production/rag_api"}`,
    );
  });

  it('has a form', () => expect(problemOfForm(SIGNED)).toBeNull());
  it.each([
    ['nothing', undefined, 'signature'],
    ['a text', 'signed', 'signature'],
    ['no signature', { statement: SIGNED.statement }, 'signature'],
    ['a short signature', { ...SIGNED, signature: 'AAAA' }, 'signature'],
    ['another format', changed({ format: 'durable-mlops/event@1' }), 'format'],
    ['an unknown member', changed({ roles: ['admin'] }), 'unknown member roles'],
    ['an action with spaces', changed({ action: 'rollout approve' }), 'action'],
    ['no resource', changed({ resource: '' }), 'resource'],
    ['content that is no digest', changed({ content: 'yes' }), 'content'],
    ['a name in place of a principal', changed({ principal: 'ada' }), 'principal'],
    ['a local time', changed({ at: '2026-11-27 10:00' }), 'at'],
    ['no nonce', changed({ nonce: undefined }), 'nonce'],
  ])('is refused: %s', (_, value, named) => {
    expect(problemOfForm(value)).toContain(named);
  });

  it.each([
    [{ action: 'rollout.deny' }, 'it is for rollout.approve, not for rollout.deny'],
    [{ resource: 'rollout/dev/rag_api' }, 'it is about rollout/production/rag_api'],
    [{ content: 'b'.repeat(64) }, 'other content'],
    [{ principal: 'principal:ffffffffffffffff' }, 'it is signed by principal:0123456789abcdef'],
  ])('is for what was asked alone: %o', (change, problem) => {
    expect(problemOfPurpose(SIGNED, ASKED)).toBeNull();
    expect(problemOfPurpose(SIGNED, { ...ASKED, ...change })).toContain(problem);
  });

  it('is good for its life, before and after by clocks that differ', () => {
    const at = Date.parse(AT);
    expect(problemOfAge(SIGNED, at + STATEMENT_LIFE_MS)).toBeNull();
    expect(problemOfAge(SIGNED, at - STATEMENT_LIFE_MS)).toBeNull();
    expect(problemOfAge(SIGNED, at + STATEMENT_LIFE_MS + 1)).toContain('old');
    expect(problemOfAge(SIGNED, at - STATEMENT_LIFE_MS - 1)).toContain('future');
  });

  it('names principals by ids that no name looks like', () => {
    expect(isPrincipalId('principal:0123456789abcdef')).toBe(true);
    for (const name of [
      'ada',
      'principal:ada',
      'principal:',
      'PRINCIPAL:0123456789abcdef',
      'principal:0123456789abcdef\n',
    ])
      expect(isPrincipalId(name)).toBe(false);
  });
});
