import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createAccessWatchActivities, type AccessWatchReport } from '../../activities/access-watch.ts';
import type { Notification } from '../../activities/ports.ts';
import { createLocalClock } from '../../adapters/clock/local-clock.ts';
import { createAccessWatch } from '../../adapters/postgres/ledger/access-watch.ts';
import { readWatchState } from '../../adapters/postgres/ledger/access-watch-state.ts';
import { acknowledgeAlarm } from '../../adapters/postgres/ledger/alarm-marks.ts';
import { createErasure } from '../../adapters/postgres/ledger/erase.ts';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { createPool } from '../../adapters/postgres/pool.ts';
import { createApprovalStore } from '../../adapters/postgres/registry/approval-store.ts';
import type { EvidenceParts } from '../../adapters/postgres/rollout-store.ts';
import { startPart, stopPart } from '../../adapters/processes/part.ts';
import { portsFrom } from '../../config/load.ts';
import { draftOfRefusal } from '../../domain/governance/access-drafts.ts';
import { watchAccess } from '../../domain/governance/access-watch/watch-access.ts';
import type { EventDraft } from '../../domain/governance/event-draft.ts';
import { APPROVAL_POLICY } from '../support/approval-policy.ts';
import { createOrder } from '../support/approvals.ts';
import { openTestLedger, startDatabase, type TestDatabase } from '../support/database.ts';
import { OFFSETS } from '../support/offsets.ts';
import { ACCESS_RULES } from '../support/access-rules.ts';

const RULES = { ...ACCESS_RULES, workingHours: { from: 0, to: 24, weekdays: [0, 1, 2, 3, 4, 5, 6] } };
const CLOCK = createLocalClock('UTC');
const HOUR_MS = 3_600_000;
const NOBODY = { id: 'principal:nobody', kind: 'human', authentication: 'ed25519' } as const;

let database: TestDatabase;
let pool: Pool;
let parts: EvidenceParts;
let watch: ReturnType<typeof createAccessWatch>;
let sent: Notification[] = [];
let isOutboxAway = false;

const activities = () =>
  createAccessWatchActivities({
    accessWatch: watch,
    outbox: {
      send: async (notification) => {
        if (isOutboxAway) throw new Error('the engine is away');
        // Once per key, as the outbox is.
        if (!sent.some((one) => one.idempotencyKey === notification.idempotencyKey)) sent.push(notification);
        await Promise.resolve();
      },
    },
  });
const attempt = (info: ConstructorParameters<typeof MockActivityEnvironment>[0] = {}) =>
  new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
const run = async (environment = attempt()): Promise<AccessWatchReport> =>
  await environment.run(async (input: { environment: string }) => await activities().watchAccess(input), {
    environment: 'dev',
  });

beforeAll(async () => {
  database = await startDatabase(portsFrom(OFFSETS.accessWatch).postgres);
  await migrate(database.url);
  pool = createPool(database.url, 10);
  parts = await openTestLedger(pool);
  watch = createAccessWatch(parts, { rules: RULES, localTime: CLOCK });
});
afterAll(async () => {
  await pool.end();
  await database.remove();
});
beforeEach(async () => {
  isOutboxAway = false;
  await run();
  sent = [];
});

async function exportsOf(name: string, many: number): Promise<string> {
  const actor = await parts.principals.actor(name);
  const draft: EventDraft = {
    type: 'audit.exported',
    category: 'data_access',
    actor,
    resource: 'ledger',
    risk: 'medium',
    facts: {},
  };
  await Promise.all(Array.from({ length: many }, async () => await parts.ledger.append(draft)));
  return actor.id;
}

async function refusalsOf(name: string, many: number): Promise<string> {
  const actor = await parts.principals.actor(name);
  const refusal = { action: 'model.retire', resource: 'model/m', code: 'NOT_AUTHORISED', problem: 'no' };
  for (let at = 0; at < many; at += 1) await parts.ledger.append(draftOfRefusal(refusal, actor));
  return actor.id;
}

/** A month in which somebody exported twice a day. */
async function liveAMonth(name: string): Promise<string> {
  const { id: principal } = await parts.principals.actor(name);
  const now = Date.now();
  const events = Array.from({ length: 60 }, (_, sequence) => ({
    sequence,
    atMs: now - (60 - sequence) * 12 * HOUR_MS,
    principal,
    type: 'audit.exported',
    category: 'data_access',
    resource: 'ledger',
    code: null,
    source: null,
    asked: null,
  }));
  const { history } = watchAccess(null, events, RULES, CLOCK);
  await pool.query('INSERT INTO access_history (principal_id, history, seen_at) VALUES ($1, $2, now())', [
    principal,
    JSON.stringify(history),
  ]);
  return principal;
}

const alarmsOf = async (principal: string) =>
  (
    await pool.query<{ type: string; category: string; canonical: string; sequence: string }>(
      `SELECT type, category, canonical, sequence FROM ledger_event WHERE resource = $1 AND category = 'security_event' ORDER BY sequence`,
      [principal],
    )
  ).rows;

describe('the access watch', () => {
  it('raises a security_event with its figures, once, and tells people', async () => {
    const principal = await liveAMonth('exporter');
    await exportsOf('exporter', 120);
    expect(await run()).toMatchObject({ state: 'watched', raised: 1, told: 1, left: 0 });
    const [alarm, ...more] = await alarmsOf(principal);
    expect([alarm?.type, more]).toEqual(['access.many-exports', []]);
    const { facts } = JSON.parse(alarm?.canonical ?? '') as { facts: Record<string, number> };
    expect(facts).toMatchObject({ unit: expect.stringMatching(/^acts in/) as string, limit: facts['observed'] });
    expect(facts['baseline']).toBeLessThan(4);
    expect(sent).toMatchObject([
      { event: 'access-alarm', model: principal, severity: 'page', details: { sequence: Number(alarm?.sequence) } },
    ]);
    expect(await run()).toMatchObject({ raised: 0, told: 0 });
    expect(await alarmsOf(principal)).toHaveLength(1);
  });

  it('says nothing of who does what they did', async () => {
    const principal = await liveAMonth('regular');
    await exportsOf('regular', 2);
    expect(await run()).toMatchObject({ raised: 0 });
    expect(await alarmsOf(principal)).toEqual([]);
  });

  it('raises each once when several look at once', async () => {
    const ids = [await refusalsOf('eager', 12), await refusalsOf('keen', 12)];
    const looks = await Promise.all(Array.from({ length: 6 }, async () => await run()));
    expect(looks.reduce((sum, { raised }) => sum + raised, 0)).toBe(2);
    for (const id of ids) expect(await alarmsOf(id)).toMatchObject([{ type: 'access.many-refusals' }]);
    expect(sent.map(({ model }) => model).sort()).toEqual([...ids].sort());
  });

  it('tells later what it could not tell when it was killed', async () => {
    const principal = await refusalsOf('unlucky', 10);
    isOutboxAway = true;
    await expect(run()).rejects.toThrow('the engine is away');
    expect(await alarmsOf(principal)).toHaveLength(1);
    isOutboxAway = false;
    expect(await run()).toMatchObject({ raised: 0, told: 1 });
    expect(sent).toMatchObject([{ model: principal }]);
  });

  it('knows without a baseline who wants to approve their own, and who approves before anybody could have read', async () => {
    const store = createApprovalStore(parts);
    const asker = await parts.principals.actor('asker');
    const hasty = await parts.principals.actor('hasty');
    const author = await parts.principals.actor('only-an-author');
    const { record } = await store.open(
      'apr-watch',
      createOrder({ requestedBy: asker.id, excluded: { [author.id]: 'author' } }),
      APPROVAL_POLICY,
      asker,
    );
    const byKey = { id: 'principal:0000000000000a5c', kind: 'human', authentication: 'ed25519' } as const;
    await pool.query(
      `INSERT INTO principal (principal_id, kind, provider, name) VALUES ($1, 'human', 'loopback', 'asker')`,
      [byKey.id],
    );
    const refused = { approvalId: 'apr-watch', verdict: 'approve', problem: 'own' } as const;
    for (const actor of [asker, byKey]) await store.refuse({ ...refused, actor, occasion: actor.id });
    // Without a role that decides, they are refused before anybody looks whose it is.
    const decide = { action: 'approval.decide', resource: 'approval/apr-watch', code: 'NOT_AUTHORISED', problem: 'no' };
    for (const actor of [author, await parts.principals.actor('only-a-viewer')])
      await parts.ledger.append(draftOfRefusal(decide, actor));
    await store.decide({
      approvalId: record.approvalId,
      verdict: 'approve',
      reason: 'fine',
      seen: record.contentDigest,
      linkId: null,
      actor: hasty,
      authorities: [{ principal: hasty.id, roles: [...record.roles], handovers: 0 }],
    });
    await run();
    expect(await alarmsOf(asker.id)).toMatchObject([{ type: 'access.self-approval' }]);
    expect(await alarmsOf(byKey.id), 'the same person').toMatchObject([{ type: 'access.self-approval' }]);
    expect(await alarmsOf(author.id), 'who may decide nothing').toMatchObject([{ type: 'access.self-approval' }]);
    expect(await alarmsOf((await parts.principals.actor('only-a-viewer')).id), 'not their own').toEqual([]);
    expect(await alarmsOf(hasty.id)).toMatchObject([{ type: 'access.hasty-approval' }]);
  });

  it('learns from what was before it, and is silent about that', async () => {
    const principal = await refusalsOf('long-ago', 20);
    await pool.query('DELETE FROM access_watch');
    await pool.query('DELETE FROM access_history');
    expect(await run()).toMatchObject({ raised: 0, left: 0 });
    expect(await alarmsOf(principal)).toEqual([]);
    const { rows } = await pool.query('SELECT FROM access_history WHERE principal_id = $1', [principal]);
    expect(rows).toHaveLength(1);
  });

  it('says how far it has come, and another attempt goes on from there', async () => {
    await refusalsOf('many', 10);
    const [head] = (await pool.query<{ size: string }>('SELECT size FROM ledger_head')).rows;
    const beats: unknown[] = [];
    const first = attempt();
    first.on('heartbeat', (beat: unknown) => beats.push(beat));
    await pool.query('DELETE FROM access_watch');
    await pool.query('DELETE FROM access_history');
    const whole = watch;
    let looks = 0;
    const look = async () => {
      if ((looks += 1) > 1) throw new Error('killed');
      return { ...(await whole.look()), left: 1 };
    };
    watch = { ...whole, look };
    await expect(run(first)).rejects.toThrow('killed');
    watch = whole;
    expect(beats.at(-1)).toEqual({ looks: 1, looked: Number(head?.size), raised: 0 });
    const second = attempt({ heartbeatDetails: beats.at(-1) });
    expect(await run(second), 'nothing is looked at twice').toMatchObject({ looked: Number(head?.size), left: 0 });
    const spent = attempt({ heartbeatDetails: { looks: 49, looked: 7, raised: 1 } });
    await parts.ledger.append({ ...draftOfRefusal({ action: 'a.b', resource: 'r', code: 'c', problem: 'p' }, NOBODY) });
    expect(await run(spent)).toMatchObject({ looked: 8, raised: 1 });
    const gone = attempt();
    gone.cancel('NOT_FOUND');
    await expect(run(gone)).rejects.toThrow();
  });

  it('forgets what was usual of who is erased', async () => {
    const principal = await liveAMonth('leaver');
    await createErasure(parts, async () => await Promise.resolve()).erase({
      subject: principal,
      actor: 'officer',
      reason: 'request of 3 May',
    });
    const { rows } = await pool.query('SELECT FROM access_history WHERE principal_id = $1', [principal]);
    expect(rows).toEqual([]);
  });

  it('is off when it is turned off', async () => {
    const off = createAccessWatchActivities({
      accessWatch: null,
      outbox: { send: async () => await Promise.resolve() },
    });
    expect(await off.watchAccess({ environment: 'dev' })).toMatchObject({ state: 'off' });
  });

  it('goes on where it was when the database was away', async () => {
    const principal = await refusalsOf('patient', 10);
    await stopPart(database.part, database.state);
    await expect(run()).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    await startPart(database.part, database.state, database.root);
    await expect.poll(async () => await run().catch(() => null), { timeout: 20_000 }).toMatchObject({ left: 0 });
    expect(await alarmsOf(principal)).toHaveLength(1);
  });

  describe('an alarm', () => {
    const stateOf = async (sequence: number) =>
      (await readWatchState(pool)).newest.find((one) => one.sequence === sequence);
    const raise = async (name: string): Promise<{ principal: string; sequence: number }> => {
      const principal = await refusalsOf(name, 10);
      await run();
      return { principal, sequence: Number((await alarmsOf(principal)).at(-1)?.sequence) };
    };
    /** As if it had been raised so many hours earlier; triggers hold for everybody else. */
    const age = async (principal: string, hours: number): Promise<void> => {
      const sql = `BEGIN; SET LOCAL session_replication_role = replica;
        UPDATE access_finding SET tipped_at = tipped_at - interval '${hours} hours' WHERE principal_id = '${principal}'; COMMIT`;
      await pool.query(sql);
    };

    it('is open until a day has passed without another of its kind, and its end is an event, once', async () => {
      const { principal, sequence } = await raise('restless');
      const open = (await readWatchState(pool)).open;
      await age(principal, 23);
      expect(await run()).toMatchObject({ ended: 0 });
      expect(await stateOf(sequence)).toMatchObject({ endedAt: null, acknowledgedBy: null });
      await age(principal, 2);
      const runs = await Promise.all(Array.from({ length: 4 }, async () => await run()));
      expect(runs.reduce((sum, { ended = 0 }) => sum + ended, 0)).toBe(1);
      const [, end, ...more] = await alarmsOf(principal);
      expect([end?.type, more]).toEqual(['access.alarm-ended', []]);
      const told = sent.filter(({ model }) => model === principal);
      // Several looked at once: receivers know it by its key.
      expect(new Set(told.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2);
      expect(told.at(-1)).toMatchObject({
        event: 'access-alarm-ended',
        severity: 'info',
        details: { alarm: sequence, sequence: Number(end?.sequence), detector: 'many-refusals', principal },
      });
      expect(await run(), 'told once').toMatchObject({ told: 0 });
      expect(JSON.parse(end?.canonical ?? '')).toMatchObject({
        actor: { id: 'system:access-watch' },
        resource: principal,
        risk: 'low',
        facts: { alarm: sequence, detector: 'many-refusals' },
      });
      expect(await stateOf(sequence)).toMatchObject({ endedAt: expect.any(String) as string, acknowledgedAt: null });
      const after = await readWatchState(pool);
      expect([after.open, after.unseen > 0], 'that it is over is not that somebody looked').toEqual([open - 1, true]);
    });

    it('is acknowledged once, with a reason that is sealed, by somebody else than whom it is about', async () => {
      const { principal, sequence } = await raise('suspect');
      const [officer, suspect] = [await parts.principals.actor('officer'), await parts.principals.actor('suspect')];
      const order = { alarm: sequence, reason: 'on-call-this-week-5518' };
      await expect(acknowledgeAlarm(parts, order, suspect)).rejects.toMatchObject({ code: 'ALARM_OWN' });
      await expect(acknowledgeAlarm(parts, { ...order, alarm: 0 }, officer)).rejects.toMatchObject({
        code: 'ALARM_UNKNOWN',
      });
      const before = await readWatchState(pool);
      expect(await acknowledgeAlarm(parts, order, officer)).toEqual({ principal, detector: 'many-refusals' });
      await expect(acknowledgeAlarm(parts, order, officer)).rejects.toMatchObject({ code: 'ALARM_ACKNOWLEDGED' });
      const [, said] = await alarmsOf(principal);
      expect(JSON.parse(said?.canonical ?? '')).toMatchObject({
        type: 'access.alarm-acknowledged',
        actor: { id: officer.id },
        resource: principal,
        commitment: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        facts: { alarm: sequence, detector: 'many-refusals' },
      });
      expect(said?.canonical).not.toContain('5518');
      expect(await stateOf(sequence)).toMatchObject({ acknowledgedBy: officer.id, endedAt: null });
      const after = await readWatchState(pool);
      expect([after.open, after.unseen]).toEqual([before.open - 1, before.unseen - 1]);
    });

    it('has its end told later where that could not be told when it was written', async () => {
      const { principal, sequence } = await raise('silent');
      await age(principal, 25);
      isOutboxAway = true;
      await expect(run()).rejects.toThrow('the engine is away');
      expect(await stateOf(sequence)).toMatchObject({ endedAt: expect.any(String) as string });
      isOutboxAway = false;
      expect(await run()).toMatchObject({ ended: 0, told: 1 });
      expect(sent.at(-1)).toMatchObject({ event: 'access-alarm-ended', model: principal });
    });

    it('loses no mark, and gets none without its event', async () => {
      const { sequence } = await raise('marked');
      await expect(pool.query('DELETE FROM access_alarm_mark')).rejects.toThrow('append-only');
      const forged = `INSERT INTO access_alarm_mark (alarm, mark, ledger_sequence) VALUES (${sequence}, 'ended', 1)`;
      await expect(pool.query(forged)).rejects.toThrow('has no event of its own');
      await expect(pool.query('UPDATE access_alarm_mark SET marked_at = now()')).rejects.toThrow(
        'has no event of its own',
      );
    });
  });

  it('cannot raise an alarm without its event, nor take one back', async () => {
    await expect(
      pool.query(`INSERT INTO access_finding VALUES (1, 'p', 'dormant', 1, now(), now(), 1, 1, 1, 'days', NULL)`),
    ).rejects.toThrow('has no event of its own');
    await expect(pool.query('DELETE FROM access_finding')).rejects.toThrow('append-only');
    await expect(pool.query(`UPDATE access_finding SET principal_id = 'p'`)).rejects.toThrow('has no event of its own');
  });
});
