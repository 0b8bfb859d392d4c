import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApprovalStore } from '../../activities/approval-ports.ts';
import { createApprovalLinks, makeLink } from '../../adapters/postgres/registry/approval-links.ts';
import { createApprovalReader } from '../../adapters/postgres/registry/approval-reader.ts';
import { createApprovalStore } from '../../adapters/postgres/registry/approval-store.ts';
import { createDelegations } from '../../adapters/postgres/registry/delegations.ts';
import { createGrantedApprovals } from '../../adapters/postgres/registry/granted-approvals.ts';
import { createIdentityDirectory } from '../../adapters/postgres/registry/identity-directory.ts';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import type { LedgerTransaction } from '../../adapters/postgres/ledger/ledger.ts';
import { createRolloutStore, type EvidenceParts } from '../../adapters/postgres/rollout-store.ts';
import { portsFrom } from '../../config/load.ts';
import { draftOfRegistry } from '../../domain/registry/registry-drafts.ts';
import { APPROVAL_POLICY } from '../support/approval-policy.ts';
import type { ApprovalOrder, Verdict } from '../../domain/registry/approval/request.ts';
import type { RolloutAsk } from '../../domain/rollout/approval-request.ts';
import { composeRolloutApprovals } from '../../workers/rollout-approvals.ts';
import { createOrder, DIGEST } from '../support/approvals.ts';
import { openTestLedger, startDatabase, type TestDatabase } from '../support/database.ts';
import { OFFSETS } from '../support/offsets.ts';
import { createTestRegistry } from '../support/registry.ts';

const NO_SIGNER = { signerOf: async () => await Promise.resolve(null) };

let database: TestDatabase;
let pool: Pool;
let parts: EvidenceParts;
let store: ApprovalStore;
const people: Record<string, string> = {};

beforeAll(async () => {
  database = await startDatabase(portsFrom(OFFSETS.approvalStore).postgres);
  await migrate(database.url);
  pool = createPool(database.url, 10);
  parts = await openTestLedger(pool);
  store = createApprovalStore(parts);
  for (const name of ['author', 'engineer', 'ann', 'bob', 'cid', 'dan', 'viewer']) {
    const { id } = await parts.principals.actor(name);
    people[name] = id;
    await grant(id, name === 'viewer' || name === 'dan' ? 'viewer' : 'approver');
  }
});
afterAll(async () => {
  await pool.end();
  await database.remove();
});

async function grant(id: string, role: string): Promise<void> {
  const actor = { id: 'system:test', kind: 'system', authentication: 'process' } as const;
  await parts.ledger.transact(async ({ append, client, next }) => {
    await client.query('INSERT INTO principal_role (principal_id, role, ledger_sequence) VALUES ($1, $2, $3)', [
      id,
      role,
      next,
    ]);
    append({ type: 'identity.granted', category: 'access_control', actor, resource: 'identity', risk: 'low' });
  });
}

/** As the worker found out who asks. */
const requester = ({ requestedBy }: ApprovalOrder) =>
  ({ id: requestedBy, kind: 'human', authentication: 'operating-system' }) as const;

/** The same person by a call from this machine: another principal of the name, with the same right. */
async function twin(given: string): Promise<string> {
  // However it is written.
  const name = ` ${given.toUpperCase()}`;
  const id = `principal:${Buffer.from(name).toString('hex').padEnd(16, '0').slice(0, 16)}`;
  await pool.query(`INSERT INTO principal (principal_id, kind, provider, name) VALUES ($1, 'human', 'loopback', $2)`, [
    id,
    name,
  ]);
  await grant(id, 'approver');
  return id;
}

let orders = 0;
/** What every order of a hand-over says. */
const order = () => ({ id: `order-${(orders += 1).toString().padStart(8, '0')}`, environment: 'production' });

/** Writes a right as an earlier version did, which named no environment; now that is refused, whoever writes it. */
async function writtenBefore(
  table: 'approval_delegation' | 'approval_link',
  type: string,
  write: (transaction: LedgerTransaction) => Promise<void>,
): Promise<void> {
  const actor = await parts.principals.actor('cid');
  const transact = async () =>
    await parts.ledger.transact(async (transaction) => {
      await write(transaction);
      transaction.append({ type, category: 'access_control', actor, resource: 'approval', risk: 'low' });
    });
  await expect(transact()).rejects.toThrow('names_its_environment');
  await pool.query(`ALTER TABLE ${table} DROP CONSTRAINT names_its_environment`);
  await transact();
  await pool.query(
    `ALTER TABLE ${table} ADD CONSTRAINT names_its_environment CHECK (environment IS NOT NULL) NOT VALID`,
  );
}

let number = 0;
async function open(change: Partial<ApprovalOrder> = {}, policy = APPROVAL_POLICY) {
  number += 1;
  const order = createOrder({
    resource: `model/m${number}/1.0.0/stage/production/production`,
    requestedBy: people['engineer'] ?? '',
    excluded: { [people['author'] ?? '']: 'author' },
    ...change,
  });
  return {
    order,
    ...(await store.open(`apr-${number.toString().padStart(4, '0')}`, order, policy, requester(order))).record,
  };
}

async function decide(
  approvalId: string,
  name: string,
  verdict: Verdict = 'approve',
  seen?: string,
  linkId: string | null = null,
) {
  const principal = people[name] ?? name;
  const directory = createIdentityDirectory(pool, []);
  const authorities = await store.authorities(approvalId, principal, directory);
  const shown = seen ?? (await store.standing(approvalId)).record.contentDigest;
  return await store.decide({
    approvalId,
    actor: { id: principal, kind: 'human', authentication: 'test' },
    verdict,
    reason: `words of ${name}`,
    seen: shown,
    linkId,
    authorities,
  });
}

/** Everything of a state but what is hidden from its own row. */
const eventsOf = async (approvalId: string): Promise<string[]> =>
  (
    await pool.query<{ type: string }>('SELECT type FROM ledger_event WHERE resource = $1 ORDER BY sequence', [
      `approval/${approvalId}`,
    ])
  ).rows.map(({ type }) => type);

const refusal = async (doing: Promise<unknown>): Promise<string> =>
  await doing.then(
    () => 'was allowed',
    (error: unknown) => (error as Error).message,
  );

describe('an approval', () => {
  it('is approved by as many distinct approvers as its risk wants, with the evidence in the same transaction', async () => {
    const { approvalId, quorum, risk } = await open();
    expect({ quorum, risk }).toEqual({ quorum: 2, risk: { score: 70, band: 'high' } });
    expect((await decide(approvalId, 'ann')).record.state).toBe('pending');
    expect((await decide(approvalId, 'bob')).record.state).toBe('approved');
    expect(await eventsOf(approvalId)).toEqual([
      'approval.requested',
      'approval.approve',
      'approval.approve',
      'approval.granted',
    ]);
    const { rows } = await pool.query<{ canonical: string }>(
      `SELECT canonical FROM ledger_event WHERE resource = $1 AND type = 'approval.granted'`,
      [`approval/${approvalId}`],
    );
    const { facts } = JSON.parse(rows[0]?.canonical ?? '{}') as {
      facts: { bound: unknown; decisions: { principal: string }[] };
    };
    expect(facts.bound).toEqual({ artifact: DIGEST.a, tests: DIGEST.b, policy: DIGEST.c });
    expect(facts.decisions.map(({ principal }) => principal)).toEqual([people['ann'], people['bob']]);
  });

  it('is written once, however often it is opened, and one is open for a thing', async () => {
    const { approvalId, order } = await open();
    await store.open(approvalId, order, APPROVAL_POLICY, requester(order));
    expect(await eventsOf(approvalId)).toEqual(['approval.requested']);
    expect(await refusal(store.open('apr-another', order, APPROVAL_POLICY, requester(order)))).toContain(
      `${approvalId} is open`,
    );
  });

  it('counts the same person once, at once or later', async () => {
    const { approvalId } = await open();
    const both = await Promise.all([decide(approvalId, 'ann'), decide(approvalId, 'ann')]);
    expect(both.map(({ record }) => record.decisions.length)).toEqual([1, 1]);
    expect((await decide(approvalId, 'ann')).record).toMatchObject({
      state: 'pending',
      decisions: [{ principal: people['ann'] }],
    });
  });

  it('counts two different people at once', async () => {
    const { approvalId } = await open();
    await Promise.all([decide(approvalId, 'ann'), decide(approvalId, 'bob')]);
    expect((await store.standing(approvalId)).record.state).toBe('approved');
  });

  it('refuses the author, who asked, and who has no role; what was refused leaves nothing', async () => {
    const { approvalId } = await open();
    expect(await refusal(decide(approvalId, 'author'))).toContain('an author of what is asked for may not decide');
    expect(await refusal(decide(approvalId, 'engineer'))).toContain('a requester of what');
    expect(await refusal(decide(approvalId, 'viewer'))).toContain('you have none of the roles');
    expect(await refusal(decide(approvalId, 'principal:nobody'))).toContain('you have none of the roles');
    expect(await eventsOf(approvalId)).toEqual(['approval.requested']);
  });

  it('refuses a person who asked, or decided, or handed his right on, as another principal of the same name', async () => {
    const [engineer, ann] = [await twin('engineer'), await twin('ann')];
    const { approvalId } = await open();
    expect(await refusal(decide(approvalId, engineer))).toContain(`ENGINEER is also ${people['engineer']}, requester`);
    expect(await eventsOf(approvalId)).toEqual(['approval.requested']);
    await decide(approvalId, 'ann');
    expect(await refusal(decide(approvalId, ann))).toContain('ANN is known as another principal as well');
    await createDelegations(parts).delegate(
      { id: engineer, kind: 'human', authentication: 'ed25519' },
      { ...order(), to: people['dan'] ?? '', approvalId, forSeconds: 60, reason: 'away' },
    );
    expect(await refusal(decide(approvalId, 'dan'))).toContain(`ENGINEER is also ${people['engineer']}, requester`);
    expect((await decide(approvalId, 'bob')).record.state).toBe('approved');
  });

  it('is ended by one denial, also after it was approved', async () => {
    const first = await open();
    await decide(first.approvalId, 'ann', 'deny');
    expect(await refusal(decide(first.approvalId, 'bob'))).toContain('it is denied');
    const second = await open();
    await decide(second.approvalId, 'ann');
    await decide(second.approvalId, 'bob');
    expect((await decide(second.approvalId, 'cid', 'deny')).record.state).toBe('denied');
  });

  it('keeps nothing of what people write but sealed', async () => {
    const { approvalId } = await open({ reason: 'secret-words-of-request' });
    await decide(approvalId, 'ann');
    const { rows } = await pool.query<{ text: string }>(
      `SELECT r::text || (SELECT string_agg(d::text, '') FROM approval_decision d) || (SELECT string_agg(canonical, '') FROM ledger_event) AS text FROM approval_request r`,
    );
    expect(rows.map(({ text }) => text).join('')).not.toMatch(/secret-words|words of ann/);
  });
});

describe('content that changed', () => {
  it('voids what was given and begins another round', async () => {
    const { approvalId, order } = await open();
    await decide(approvalId, 'ann');
    const bound = { ...order.bound, tests: DIGEST.c };
    const { record } = await store.changeContent(approvalId, { ...order, bound }, APPROVAL_POLICY);
    expect(record).toMatchObject({ round: 2, state: 'pending', decisions: [], bound });
    expect(await refusal(decide(approvalId, 'bob', 'approve', (await open()).contentDigest))).toContain(
      'look at it again',
    );
    await decide(approvalId, 'ann');
    expect((await decide(approvalId, 'bob')).record.state).toBe('approved');
  });

  it('is another figure of the evidence as well, and nothing when it is the same', async () => {
    const { approvalId, order, contentDigest } = await open();
    expect((await store.changeContent(approvalId, order, APPROVAL_POLICY)).record).toMatchObject({
      round: 1,
      contentDigest,
    });
    const evidence = order.evidence.map((figure) => ({ ...figure, value: figure.value + 1 }));
    expect((await store.changeContent(approvalId, { ...order, evidence }, APPROVAL_POLICY)).record.round).toBe(2);
  });

  it('takes an approval back that was not used yet, and is refused once it was', async () => {
    const { approvalId, order } = await open();
    await decide(approvalId, 'ann');
    await decide(approvalId, 'bob');
    const changed = { ...order, bound: { ...order.bound, artifact: DIGEST.b } };
    expect((await store.changeContent(approvalId, changed, APPROVAL_POLICY)).record).toMatchObject({
      state: 'pending',
      round: 2,
    });
  });

  it('of more risk needs more people; of less, as many as before', async () => {
    const { approvalId, order } = await open();
    const bound = { ...order.bound, artifact: DIGEST.b };
    const risk = { ...order.risk, changeSize: 'major' as const, signed: false };
    const more = await store.changeContent(approvalId, { ...order, bound, risk }, APPROVAL_POLICY);
    expect(more.record).toMatchObject({ quorum: 3, risk: { score: 90, band: 'critical' } });
    const harmless = { ...order.risk, trafficPercent: 0 };
    const less = await store.changeContent(approvalId, { ...order, risk: harmless }, APPROVAL_POLICY);
    expect(less.record).toMatchObject({ quorum: 3, round: 3 });
  });

  it('of more risk is decided by those whom that wants, and by no fewer than before', async () => {
    const { approvalId, order } = await open();
    const critical = { ...APPROVAL_POLICY.critical, quorum: 1, roles: ['board'] };
    const risk = { ...order.risk, changeSize: 'major' as const, signed: false };
    const more = await store.changeContent(approvalId, { ...order, risk }, { ...APPROVAL_POLICY, critical });
    expect(more.record).toMatchObject({ quorum: 2, roles: ['board'], round: 2 });
    expect(await refusal(decide(approvalId, 'ann'))).toContain('wanted board');
  });

  it('stays, and somebody more may not decide about it: what was given is void, and who was left out stays left out', async () => {
    const { approvalId, contentDigest, excluded, order } = await open();
    await decide(approvalId, 'ann');
    const fewer = await store.changeContent(approvalId, { ...order, excluded: {} }, APPROVAL_POLICY);
    expect(fewer.record).toMatchObject({ round: 1, excluded });
    const uploader = { [people['ann'] ?? '']: 'uploader' } as const;
    const { record } = await store.changeContent(approvalId, { ...order, excluded: uploader }, APPROVAL_POLICY);
    expect(record).toMatchObject({ round: 2, contentDigest, decisions: [], excluded: { ...excluded, ...uploader } });
    expect(await refusal(decide(approvalId, 'ann'))).toContain('an uploader of what is asked for may not decide');
    const kept = await store.changeContent(approvalId, { ...order, excluded: uploader, risk: null }, APPROVAL_POLICY);
    expect(kept.record.round).toBe(2);
  });

  it('that is gone ends it', async () => {
    const { approvalId } = await open();
    expect((await store.changeContent(approvalId, null, APPROVAL_POLICY)).record.state).toBe('voided');
  });
});

describe('time', () => {
  const brief = (seconds: number) => ({
    ...APPROVAL_POLICY,
    high: {
      ...APPROVAL_POLICY.high,
      expireAfterSeconds: seconds,
      remindEverySeconds: 0.01,
      escalateAfterSeconds: 0.01,
    },
  });

  it('ends an approval when the database says so, not before', async () => {
    const { approvalId } = await open();
    const due = { round: 1, what: 'expiry', number: 1 } as const;
    expect((await store.pass(approvalId, due)).record.state).toBe('pending');
    const soon = await open({}, brief(0.3));
    await new Promise((resolve) => setTimeout(resolve, 320));
    expect(await refusal(decide(soon.approvalId, 'ann'))).toContain('it expired at');
    expect((await store.pass(soon.approvalId, due)).record.state).toBe('expired');
  });

  it('reminds and escalates once for each time', async () => {
    const { approvalId } = await open();
    const due = (what: 'reminder' | 'escalation', n = 1) => ({ round: 1, what, number: n });
    await store.pass(approvalId, due('reminder'));
    await store.pass(approvalId, due('reminder'));
    await store.pass(approvalId, due('reminder', 2));
    await store.pass(approvalId, due('escalation'));
    await store.pass(approvalId, due('escalation'));
    expect(await eventsOf(approvalId)).toEqual([
      'approval.requested',
      'approval.reminded',
      'approval.reminded',
      'approval.escalated',
    ]);
  });
});

describe('a right that was handed on', () => {
  it('is used by the delegate, once, and counts for who handed it on', async () => {
    const { approvalId } = await open();
    const from = await parts.principals.actor('ann');
    const delegations = createDelegations(parts);
    const away = { ...order(), to: people['dan'] ?? '', approvalId, forSeconds: 60, reason: 'away' };
    const { until } = await delegations.delegate(from, away);
    expect(await delegations.delegate(from, away), 'sent again').toEqual({ until });
    const other = await parts.principals.actor('bob');
    expect(await refusal(delegations.delegate(other, away))).toContain('its id is that of another');
    expect(await eventsOf(approvalId)).toEqual(['approval.requested', 'approval.delegated']);
    const { record } = await decide(approvalId, 'dan');
    expect(record.decisions).toMatchObject([{ principal: people['dan'], onBehalfOf: people['ann'] }]);
    expect(await refusal(decide(approvalId, 'ann'))).toContain('was used already');
    expect((await decide(approvalId, 'bob')).record.state).toBe('approved');
  });

  it('cannot be handed on, ends with its time, and can be taken back', async () => {
    const { approvalId } = await open();
    const delegations = createDelegations(parts);
    const [ann, dan] = [await parts.principals.actor('bob'), await parts.principals.actor('dan')];
    await delegations.delegate(ann, { ...order(), to: dan.id, approvalId, forSeconds: 60, reason: '' });
    const further = { ...order(), to: people['viewer'] ?? '', approvalId, forSeconds: 60, reason: '' };
    await delegations.delegate(dan, further);
    expect(await refusal(decide(approvalId, 'viewer'))).toContain('was handed on 2 times');
    const noTime = { ...order(), to: dan.id, approvalId, forSeconds: 0, reason: '' };
    await expect(delegations.delegate(ann, noTime)).rejects.toMatchObject({ code: 'DELEGATION_INVALID', exitCode: 2 });
    const forEver = { ...noTime, forSeconds: 90 * 86_400 + 1 };
    await expect(delegations.delegate(ann, forEver)).rejects.toThrow('wanted more than 0 and at most 90 days');
    const taken = { ...order(), to: dan.id, reason: '' };
    expect(await delegations.revoke(ann, taken)).toBe(1);
    expect(await delegations.revoke(ann, taken), 'sent again').toBe(1);
    expect(await delegations.revoke(ann, { ...taken, ...order() })).toBe(0);
    expect(await refusal(decide(approvalId, 'dan'))).toContain('you have none of the roles');
  });

  it('in another environment, or in none that is named, is worth nothing here', async () => {
    const { approvalId } = await open();
    const delegations = createDelegations(parts);
    const cid = await parts.principals.actor('cid');
    const here = { ...order(), to: people['viewer'] ?? '', approvalId: null, forSeconds: 60, reason: '' };
    await delegations.delegate(cid, { ...here, environment: 'staging' });
    await writtenBefore('approval_delegation', 'approval.delegated', async ({ client, next }) => {
      await client.query(
        `INSERT INTO approval_delegation (from_principal, to_principal, until_at, ledger_sequence)
         VALUES ($1, $2, now() + interval '1 hour', $3)`,
        [cid.id, here.to, next],
      );
    });
    expect(await refusal(decide(approvalId, 'viewer'))).toContain('you have none of the roles');
    const about = { ...here, ...order(), approvalId, environment: 'staging' };
    await expect(delegations.delegate(cid, about)).rejects.toMatchObject({ code: 'ENVIRONMENT_FOREIGN' });
    await delegations.delegate(cid, { ...here, ...order() });
    expect((await decide(approvalId, 'viewer')).record.decisions).toMatchObject([{ onBehalfOf: cid.id }]);
  });

  it('of the author is worth nothing', async () => {
    const { approvalId } = await open();
    const delegations = createDelegations(parts);
    await delegations.delegate(await parts.principals.actor('author'), {
      ...order(),
      to: people['dan'] ?? '',
      approvalId,
      forSeconds: 60,
      reason: '',
    });
    expect(await refusal(decide(approvalId, 'dan'))).toContain('the right is that of an author');
  });
});

describe('a one-time link', () => {
  it('of before a worker looked who gives it out decides nothing', async () => {
    const { approvalId, contentDigest } = await open();
    const { linkId, secret } = makeLink();
    await writtenBefore('approval_link', 'approval.link-issued', async ({ client, next }) => {
      await client.query(
        `INSERT INTO approval_link (link_id, approval_id, principal_id, secret_hash, content_digest, expires_at, ledger_sequence)
         VALUES ($1, $2, $3, sha256(convert_to($4, 'UTF8')), $5, now() + interval '1 year', $6)`,
        [linkId, approvalId, people['ann'], secret, contentDigest, next],
      );
    });
    const code = `${linkId}.${secret}`;
    expect(await refusal(store.openLink(`${code}x`, 'approve'))).toContain('it is not known');
    expect(await refusal(store.openLink(code, 'approve'))).toContain('it is of an earlier version');
    expect(await refusal(createApprovalLinks(parts).open(code))).toContain('it is of an earlier version');
    expect(await refusal(decide(approvalId, 'ann', 'approve', contentDigest, linkId))).toContain(
      'names_its_environment',
    );
    expect((await store.standing(approvalId)).record.decisions).toEqual([]);
  });

  it('lets its holder decide once, as one principal, about one content', async () => {
    const { approvalId, contentDigest } = await open();
    const ann = await parts.principals.actor('ann');
    const { linkId, secret, secretHash } = makeLink();
    const links = createApprovalLinks(parts);
    const asked = { ...order(), id: linkId, approvalId, seen: contentDigest, secretHash };
    const { expiresAt } = await links.issue(asked, ann);
    expect(await links.issue(asked, ann), 'sent again').toEqual({ expiresAt });
    for (const [holder, change] of [
      [await parts.principals.actor('bob'), {}],
      [ann, { secretHash: makeLink().secretHash }],
    ] as const)
      expect(await refusal(links.issue({ ...asked, ...change }, holder))).toContain('its id is that of another');
    expect(await refusal(links.issue({ ...asked, ...order(), seen: DIGEST.a }, ann))).toContain('look at it again');
    expect(await store.openLink(`${linkId}.${secret}`, 'approve')).toEqual({
      linkId,
      approvalId,
      principal: ann.id,
      seen: contentDigest,
    });
    for (const code of [`${linkId}.${secret}x`, `${linkId}.`, linkId, '', `other.${secret}`])
      expect(await refusal(store.openLink(code, 'approve'))).toBe('Link to decide is not valid: it is not known');
    expect(await refusal(decide(approvalId, 'bob', 'approve', contentDigest, linkId))).toContain(
      'is of something else',
    );
    await decide(approvalId, 'ann', 'approve', contentDigest, linkId);
    expect(await refusal(createApprovalLinks(parts).open(`${linkId}.${secret}`))).toContain('it was used already');
    expect(await refusal(store.openLink(`${linkId}.${secret}`, 'deny'))).toContain('it was used already');
    const { rows } = await pool.query<{ text: string }>('SELECT l::text AS text FROM approval_link l');
    expect(rows.map(({ text }) => text).join('')).not.toContain(secret);
  });
});

describe('a decision that is sent again', () => {
  it('says how it stands when it ended the request, and writes nothing', async () => {
    const { approvalId } = await open();
    await decide(approvalId, 'ann');
    const denied = await decide(approvalId, 'bob', 'deny');
    expect((await decide(approvalId, 'bob', 'deny')).record).toEqual(denied.record);
    expect(await refusal(decide(approvalId, 'bob'))).toContain('it is denied');
    expect(await refusal(decide(approvalId, 'bob', 'deny', DIGEST.a))).toContain('it is denied');
    expect(await eventsOf(approvalId)).toEqual([
      'approval.requested',
      'approval.approve',
      'approval.deny',
      'approval.denied',
    ]);
  });

  it('by the link that it has used up is let in, for the same verdict, and counts for no other content', async () => {
    const opened = await open();
    const { approvalId, contentDigest } = opened;
    const ann = await parts.principals.actor('ann');
    const { linkId, secret, secretHash } = makeLink();
    await createApprovalLinks(parts).issue(
      { ...order(), id: linkId, approvalId, seen: contentDigest, secretHash },
      ann,
    );
    const code = `${linkId}.${secret}`;
    const first = await decide(approvalId, 'ann', 'approve', contentDigest, linkId);
    expect(await store.openLink(code, 'approve')).toMatchObject({ linkId, principal: ann.id });
    expect(await refusal(store.openLink(`${code}x`, 'approve'))).toContain('it is not known');
    expect((await decide(approvalId, 'ann', 'approve', contentDigest, linkId)).record).toEqual(first.record);
    const { record } = await store.changeContent(
      approvalId,
      { ...opened.order, excluded: { [people['cid'] ?? '']: 'uploader' } },
      APPROVAL_POLICY,
    );
    expect(record).toMatchObject({ round: 2, contentDigest, decisions: [] });
    expect(await refusal(decide(approvalId, 'ann', 'approve', contentDigest, linkId))).toContain('used already');
  });
});

describe('who does what was approved', () => {
  const use = async (order: Parameters<ReturnType<typeof createGrantedApprovals>['assertGranted']>[1]) =>
    await parts.ledger.transact(async ({ append, client }) => {
      const actor = { id: 'system:test', kind: 'system', authentication: 'process' } as const;
      append(draftOfRegistry('promoted', { resource: order.resource, facts: {} }, actor));
      return await createGrantedApprovals().assertGranted(client, order);
    });

  it('uses the approval up, for exactly that, once', async () => {
    const { approvalId, order } = await open();
    const { bound, kind, resource } = order;
    expect(await refusal(use({ approvalId, kind, resource, bound }))).toContain('it has 0 of 2 approvals, of approver');
    await decide(approvalId, 'ann');
    await decide(approvalId, 'bob');
    expect(await refusal(use({ approvalId, kind: 'protected-alias', resource, bound }))).toContain(
      'it is for stage-promotion',
    );
    expect(await refusal(use({ approvalId, kind, resource: 'model/x', bound }))).toContain('it is for model/m');
    expect(await refusal(use({ approvalId, kind, resource, bound: { ...bound, policy: DIGEST.a } }))).toContain(
      'the digest of policy is',
    );
    const both = await Promise.allSettled([
      use({ approvalId, kind, resource, bound }),
      use({ approvalId, kind, resource, bound }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'fulfilled')).toMatchObject({
      value: { approvers: [people['ann'], people['bob']] },
    });
    expect((await store.standing(approvalId)).record.state).toBe('carried-out');
  });

  it('does nothing by one whose time is over, though nobody has written that yet', async () => {
    const high = { ...APPROVAL_POLICY.high, expireAfterSeconds: 1 };
    const { approvalId, order } = await open({}, { ...APPROVAL_POLICY, high });
    const { bound, kind, resource } = order;
    for (const name of ['ann', 'bob']) await decide(approvalId, name);
    await new Promise((resolve) => setTimeout(resolve, 1020));
    expect((await store.standing(approvalId)).record.state).toBe('approved');
    expect(await refusal(use({ approvalId, kind, resource, bound }))).toContain('it expired at');
  });
});

describe('the database itself', () => {
  const actor = { id: 'system:test', kind: 'system', authentication: 'process' } as const;
  const run = async (sql: string, ...values: unknown[]): Promise<string> =>
    await refusal(
      parts.ledger.transact(async ({ append, client, next }) => {
        await client.query(sql.replaceAll('$seq', String(next)), values);
        append({ type: 'approval.approve', category: 'access_control', actor, resource: 'test', risk: 'low' });
      }),
    );

  it('refuses a state that no decisions carry', async () => {
    const { approvalId } = await open();
    const set = (state: string): string =>
      `UPDATE approval_request SET state = '${state}', carried_out_at = now(), ledger_sequence = $seq WHERE approval_id = $1`;
    for (const state of ['approved', 'denied', 'expired', 'carried-out'])
      expect(await run(set(state), approvalId), state).toContain(`cannot become ${state}`);
    await decide(approvalId, 'ann');
    expect(await run(set('approved'), approvalId)).toContain('cannot become approved');
  });

  it('refuses decisions of those who may not, of another content and round, and a second one', async () => {
    const { approvalId, contentDigest } = await open();
    const insert = `INSERT INTO approval_decision (approval_id, round, principal_id, verdict, on_behalf_of, seen, roles, ledger_sequence)
      VALUES ($1, $2, $3, 'approve', $4, $5, $6, $seq)`;
    const roles = ['approver'];
    expect(await run(insert, approvalId, 1, people['author'], null, contentDigest, roles)).toContain('may not decide');
    expect(await run(insert, approvalId, 1, people['dan'], people['author'], contentDigest, roles)).toContain(
      'may not decide',
    );
    expect(await run(insert, approvalId, 1, people['ann'], null, contentDigest, ['viewer'])).toContain(
      'no role that may decide',
    );
    expect(await run(insert, approvalId, 1, people['ann'], null, DIGEST.b, roles)).toContain('what was seen is not');
    expect(await run(insert, approvalId, 2, people['ann'], null, contentDigest, roles)).toContain(
      'what was seen is not',
    );
    expect(await run(insert, approvalId, 1, people['ann'], null, contentDigest, roles)).toBe('was allowed');
    expect(await run(insert, approvalId, 1, people['ann'], null, contentDigest, roles)).toContain('duplicate key');
    expect(await run(insert, approvalId, 1, people['dan'], people['ann'], contentDigest, roles)).toContain(
      'duplicate key',
    );
  });

  it('refuses decisions of a person who may not by another principal, and a second one', async () => {
    const { approvalId, contentDigest } = await open();
    const insert = `INSERT INTO approval_decision (approval_id, round, principal_id, verdict, on_behalf_of, seen, roles, ledger_sequence)
      VALUES ($1, 1, $2, 'approve', $3, $4, '{approver}', $seq)`;
    const [author, cid] = [await twin('author'), await twin('cid')];
    expect(await run(insert, approvalId, author, null, contentDigest)).toContain(`who is ${people['author']} as well`);
    expect(await run(insert, approvalId, people['dan'], author, contentDigest)).toContain('may not decide');
    expect(await run(insert, approvalId, people['dan'], people['cid'], contentDigest)).toBe('was allowed');
    expect(await run(insert, approvalId, cid, null, contentDigest)).toContain('may not decide');
  });

  it('refuses to change what is asked, what was decided, and what has ended', async () => {
    const { approvalId } = await open();
    expect(
      await run(`UPDATE approval_request SET quorum = 1, ledger_sequence = $seq WHERE approval_id = $1`, approvalId),
    ).toContain('changes with its round');
    expect(
      await run(
        `UPDATE approval_request SET resource = 'x', ledger_sequence = $seq WHERE approval_id = $1`,
        approvalId,
      ),
    ).toContain('is not changed');
    await decide(approvalId, 'ann', 'deny');
    expect(
      await run(
        `UPDATE approval_request SET state = 'pending', round = round + 1, decided_at = NULL, ledger_sequence = $seq WHERE approval_id = $1`,
        approvalId,
      ),
    ).toContain('is denied for good');
    expect(
      await run(
        `UPDATE approval_decision SET verdict = 'approve', ledger_sequence = $seq WHERE approval_id = $1`,
        approvalId,
      ),
    ).toContain('append-only');
    expect(await run(`DELETE FROM approval_decision WHERE approval_id = $1`, approvalId)).toContain('append-only');
  });

  it('refuses a change without its event', async () => {
    const { approvalId } = await open();
    expect(
      await refusal(pool.query(`UPDATE approval_request SET reminders = 1 WHERE approval_id = $1`, [approvalId])),
    ).toContain('has no event of its own');
  });
});

describe('what a rollout asks', () => {
  const starter = 'principal:00000000000000aa';
  const asker = 'principal:00000000000000bb';
  const ask = (change: Partial<RolloutAsk> = {}): RolloutAsk => ({
    kind: 'gate-skip',
    resource: 'rollout/production/unregistered/skip/1/key-1',
    environment: 'production',
    model: 'unregistered',
    fromVersion: '1.0.0',
    toVersion: '1.1.0',
    requestedBy: asker,
    startedBy: asker,
    reason: '',
    policy: {},
    evidence: [],
    action: { rollout: 'key-1' },
    trafficPercent: 20,
    failedGates: ['last look: fail'],
    ...change,
  });
  const assemble = async (change: Partial<RolloutAsk> = {}) => {
    const registry = {
      ...(await createTestRegistry(parts, { environment: 'production' })).parts,
      signatures: NO_SIGNER,
    };
    const composed = { client: {} as Client, environment: 'production', evidence: parts, registry };
    return await composeRolloutApprovals(composed).approvals.assemble(ask(change));
  };

  it('is assembled from the records: who started it is left out, and what is not registered counts as the riskier case', async () => {
    await createRolloutStore(parts).open({
      rolloutKey: 'key-1',
      rolloutId: 'rollout/production/unregistered',
      model: 'unregistered',
      environment: 'production',
      fromVersion: '1.0.0',
      toVersion: '1.1.0',
      plan: {},
      policy: {},
      startedBy: starter,
      startedAt: '2026-01-01T00:00:00.000Z',
      engine: { program: 'test', node: '24', v8: '13' },
    });
    const { approvalId, isOpen, order } = await assemble();
    expect(isOpen).toBe(false);
    expect(order).toMatchObject({ requestedBy: asker, excluded: { [starter]: 'starter' }, bound: { artifact: null } });
    const inputs = { trafficPercent: 20, failedGates: ['last look: fail'], changeSize: 'minor', modelType: null };
    expect(order.risk).toMatchObject({ ...inputs, daysSinceLastChange: null });
    await store.open(approvalId, order, APPROVAL_POLICY, requester(order));
    expect(await assemble()).toMatchObject({ approvalId, isOpen: true });
  });

  it.each<Partial<RolloutAsk>>([
    { action: { rollout: 'key-2' } },
    { action: {} },
    { model: 'other' },
    { environment: 'staging' },
    { fromVersion: '0.9.0' },
    { toVersion: '2.0.0' },
  ])('with %j is refused: no such rollout is underway', async (change) => {
    expect(await refusal(assemble(change))).toContain('no such rollout is underway');
  });

  it('is refused once it has ended', async () => {
    const at = '2026-01-01T01:00:00.000Z';
    const outcome = {
      outcome: 'aborted',
      reason: 'test',
      detail: '',
      at,
      actor: 'rollout',
      humanWaitSeconds: 0,
    } as const;
    await createRolloutStore(parts).close('key-1', outcome, null);
    expect(await refusal(assemble())).toContain('no such rollout is underway');
  });
});

it('lists what waits, with the names of people', async () => {
  const { approvalId } = await open();
  await decide(approvalId, 'ann');
  const reader = createApprovalReader(pool);
  const listed = async (all: boolean) => (await reader.list('production', { all, limit: 1000, after: null })).approvals;
  const waiting = await listed(false);
  expect(waiting.every(({ state }) => state === 'pending' || state === 'approved')).toBe(true);
  expect(waiting[0]).toMatchObject({
    approvalId,
    names: { [people['ann'] ?? '']: 'ann', [people['author'] ?? '']: 'author' },
  });
  expect((await listed(true)).length).toBeGreaterThan(waiting.length);
  expect(await reader.list('dev', { all: true, limit: 100, after: null })).toEqual({ approvals: [], cursor: null });
});

it('lists page after page, leaves none out, and says when there are no more', async () => {
  const reader = createApprovalReader(pool);
  const { approvals: all } = await reader.list('production', { all: false, limit: 1000, after: null });
  const found: string[] = [];
  const sizes: number[] = [];
  const size = all.length / 2;
  expect(size, 'enough to turn a page').toBeGreaterThan(2);
  let after: string | null = null;
  do {
    const page = await reader.list('production', { all: false, limit: Math.floor(size), after });
    found.push(...page.approvals.map(({ approvalId }) => approvalId));
    sizes.push(page.approvals.length);
    after = page.cursor;
  } while (after !== null);
  expect(found).toEqual(all.map(({ approvalId }) => approvalId));
  expect(Math.min(...sizes), 'no page for nothing').toBeGreaterThan(0);
  const exact = await reader.list('production', { all: false, limit: all.length, after: null });
  expect(exact.cursor).toBeNull();
  // Where the list went on may have ended since.
  const [first = '', second = ''] = found;
  await store.changeContent(first, null, APPROVAL_POLICY);
  const rest = await reader.list('production', { all: false, limit: 1, after: first });
  expect(rest.approvals.map(({ approvalId }) => approvalId)).toEqual([second]);
  const unknown = reader.list('production', { all: false, limit: 1, after: 'apr-nothing' });
  await expect(unknown).rejects.toMatchObject({ code: 'APPROVAL_NOT_FOUND' });
});
