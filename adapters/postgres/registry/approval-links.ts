import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { OpenedLink } from '../../../activities/approval-ports.ts';
import { MlopsError } from '../../../domain/errors.ts';
import { draftOfApproval } from '../../../domain/governance/approval-drafts.ts';
import type { EventActor, Json } from '../../../domain/governance/event-draft.ts';
import type { LinkHandOver } from '../../../domain/registry/approval/hand-over.ts';
import { isFinal, type Verdict } from '../../../domain/registry/approval/request.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import { query } from '../query.ts';
import type { EvidenceParts } from '../rollout-store.ts';
import { recordOf, requireRow } from './approval-rows.ts';

const SECRET_BYTES = 32;
const ID_BYTES = 9;
/** Whatever somebody sends is not asked of the database. */
const LINK_ID = /^[\w-]{1,64}$/;
const LIFETIME_SECONDS = 24 * 3600;

/** A link as it is made by who gives it out: whoever else has only its hash. */
export interface NewLink {
  readonly linkId: string;
  readonly secret: string;
  /** SHA-256, hex */
  readonly secretHash: string;
}

/** A secret that nobody has yet. */
export function makeLink(): NewLink {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return {
    linkId: randomBytes(ID_BYTES).toString('base64url'),
    secret,
    secretHash: hashOf(secret).toString('hex'),
  };
}

/** What a link is to be: its id, its hash, and what its holder decides about. */
type LinkOrder = Pick<LinkHandOver, 'approvalId' | 'secretHash' | 'seen'> & {
  readonly id: string;
  readonly environment: string;
};

interface LinkRow {
  readonly approval_id: string;
  /** Null where it was written before workers looked who gives it out. */
  readonly environment: string | null;
  readonly principal_id: string;
  readonly secret_hash: Buffer;
  readonly content_digest: string;
  readonly expires_at: Date;
  readonly is_over: boolean;
  readonly is_used: boolean;
  /** What was decided by it; null where nothing was. */
  readonly used_for: Verdict | null;
}

const SELECT_LINK = `SELECT l.approval_id, l.environment, l.principal_id, l.secret_hash, l.content_digest, l.expires_at, clock_timestamp() >= l.expires_at AS is_over,
    l.used_at IS NOT NULL AS is_used, d.verdict AS used_for
  FROM approval_link l LEFT JOIN approval_decision d ON d.approval_id = l.approval_id AND d.link_id = l.link_id
  WHERE l.link_id = $1`;

/** One-time links to decide by. */
export function createApprovalLinks({ ledger, pool }: EvidenceParts) {
  return {
    /**
     * For who asks, about the content that they have seen; once, however often it is asked.
     *
     * @throws APPROVAL_NOT_FOUND, APPROVAL_REFUSED, ENVIRONMENT_FOREIGN
     */
    async issue(
      order: LinkOrder,
      holder: EventActor,
      sealed: { readonly [name: string]: Json } = {},
    ): Promise<{ readonly expiresAt: string }> {
      return await ledger.transact(async (transaction) => {
        const there = await linkThere(transaction.client, order, holder);
        return { expiresAt: there ?? (await writeLink(transaction, order, { holder, sealed })) };
      });
    },

    /**
     * Checks a code, `<link id>.<secret>`, and uses nothing up.
     *
     * @param verdict what it is used for: the one by which it was used up may be sent again
     * @throws APPROVAL_LINK_INVALID, in the same words whatever is wrong with the secret
     */
    async open(code: string, verdict: Verdict | null = null): Promise<OpenedLink> {
      const [linkId = '', secret = ''] = code.split('.');
      const [row] = LINK_ID.test(linkId) ? await query<LinkRow>(pool, SELECT_LINK, [linkId]) : [];
      if (row === undefined || !timingSafeEqual(row.secret_hash, hashOf(secret)))
        throw new MlopsError('APPROVAL_LINK_INVALID', { problem: 'it is not known' });
      if (row.environment === null)
        throw new MlopsError('APPROVAL_LINK_INVALID', { problem: 'it is of an earlier version: make another' });
      const isRepeated = row.is_used && verdict !== null && row.used_for === verdict;
      if (row.is_used && !isRepeated) throw new MlopsError('APPROVAL_LINK_INVALID', { problem: 'it was used already' });
      if (row.is_over && !isRepeated) throw new MlopsError('APPROVAL_LINK_INVALID', { problem: 'it has expired' });
      return { linkId, approvalId: row.approval_id, principal: row.principal_id, seen: row.content_digest };
    },
  };
}

/** When a link ends that an earlier attempt has written; null when none has. @throws APPROVAL_REFUSED for one of somebody else */
async function linkThere(client: PoolClient, order: LinkOrder, holder: EventActor): Promise<string | null> {
  const [row] = (await client.query<LinkRow>(SELECT_LINK, [order.id])).rows;
  if (row === undefined) return null;
  const isSame =
    row.approval_id === order.approvalId &&
    row.environment === order.environment &&
    row.principal_id === holder.id &&
    row.secret_hash.toString('hex') === order.secretHash;
  if (!isSame) throw refusal(order, 'its id is that of another');
  return row.expires_at.toISOString();
}

async function writeLink(
  { append, client, next }: LedgerTransaction,
  order: LinkOrder,
  { holder, sealed }: { readonly holder: EventActor; readonly sealed: { readonly [name: string]: Json } },
): Promise<string> {
  const { approvalId, environment, id, secretHash, seen } = order;
  const record = recordOf(await requireRow(client, approvalId));
  if (record.environment !== environment)
    throw new MlopsError('ENVIRONMENT_FOREIGN', { asked: record.environment, own: environment });
  if (isFinal(record.state)) throw refusal(order, `it is ${record.state}`);
  if (record.contentDigest !== seen) throw refusal(order, 'it has changed since you looked at it: look at it again');
  const { rows } = await client.query<{ expires_at: Date }>(
    `INSERT INTO approval_link (link_id, approval_id, environment, principal_id, secret_hash, content_digest, expires_at, ledger_sequence)
     VALUES ($1, $2, $3, $4, decode($5, 'hex'), $6, LEAST(clock_timestamp() + make_interval(secs => $7), $8::timestamptz), $9) RETURNING expires_at`,
    [id, approvalId, environment, holder.id, secretHash, seen, LIFETIME_SECONDS, record.expiresAt, next],
  );
  const expiresAt = rows[0]?.expires_at.toISOString() ?? '';
  append(draftOfApproval('link-issued', record, { facts: { link: id, to: holder.id, expiresAt }, sealed }, holder));
  return expiresAt;
}

function refusal({ approvalId }: LinkOrder, problem: string): MlopsError {
  return new MlopsError('APPROVAL_REFUSED', { action: 'Link', approvalId, problem });
}

/** Uses a link up, in the transaction of the decision. @throws APPROVAL_LINK_INVALID */
export async function useLink(client: PoolClient, link: OpenedLink & { readonly sequence: number }): Promise<void> {
  const { rowCount } = await client.query(
    `UPDATE approval_link SET used_at = clock_timestamp(), ledger_sequence = $5
     WHERE link_id = $1 AND approval_id = $2 AND principal_id = $3 AND content_digest = $4 AND used_at IS NULL AND expires_at > clock_timestamp()`,
    [link.linkId, link.approvalId, link.principal, link.seen, link.sequence],
  );
  if (rowCount !== 1)
    throw new MlopsError('APPROVAL_LINK_INVALID', { problem: 'it was used already, or is of something else' });
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
