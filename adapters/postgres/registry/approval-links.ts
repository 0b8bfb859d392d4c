import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { OpenedLink } from '../../../activities/approval-ports.ts';
import { MlopsError } from '../../../domain/errors.ts';
import { draftOfApproval } from '../../../domain/governance/approval-drafts.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import { isFinal } from '../../../domain/registry/approval/request.ts';
import { query } from '../query.ts';
import type { EvidenceParts } from '../rollout-store.ts';
import { recordOf, requireRow } from './approval-rows.ts';

const SECRET_BYTES = 32;
const ID_BYTES = 9;
const LIFETIME_SECONDS = 24 * 3600;

/** A link as it is given out, once: nobody can read its secret again. */
export interface IssuedLink {
  readonly linkId: string;
  readonly secret: string;
  readonly expiresAt: string;
}

interface LinkRow {
  readonly approval_id: string;
  readonly principal_id: string;
  readonly secret_hash: Buffer;
  readonly content_digest: string;
  readonly is_over: boolean;
  readonly used_at: Date | null;
}

/** One-time links to decide by. */
export function createApprovalLinks({ ledger, pool }: EvidenceParts) {
  return {
    /** For a principal, about the content as it is now. @throws APPROVAL_NOT_FOUND, APPROVAL_REFUSED */
    async issue(approvalId: string, principal: string, issuer: EventActor): Promise<IssuedLink> {
      const linkId = randomBytes(ID_BYTES).toString('base64url');
      const secret = randomBytes(SECRET_BYTES).toString('base64url');
      return await ledger.transact(async ({ append, client, next }) => {
        const record = recordOf(await requireRow(client, approvalId));
        if (isFinal(record.state))
          throw new MlopsError('APPROVAL_REFUSED', { action: 'Link', approvalId, problem: `it is ${record.state}` });
        const { rows } = await client.query<{ expires_at: Date }>(
          `INSERT INTO approval_link (link_id, approval_id, principal_id, secret_hash, content_digest, expires_at, ledger_sequence)
           VALUES ($1, $2, $3, $4, $5, LEAST(clock_timestamp() + make_interval(secs => $6), $7::timestamptz), $8) RETURNING expires_at`,
          [
            linkId,
            approvalId,
            principal,
            hashOf(secret),
            record.contentDigest,
            LIFETIME_SECONDS,
            record.expiresAt,
            next,
          ],
        );
        const expiresAt = rows[0]?.expires_at.toISOString() ?? '';
        append(draftOfApproval('link-issued', record, { facts: { link: linkId, to: principal, expiresAt } }, issuer));
        return { linkId, secret, expiresAt };
      });
    },

    /** Checks a code, `<link id>.<secret>`, and uses nothing up. @throws APPROVAL_LINK_INVALID, in the same words whatever is wrong with the secret */
    async open(code: string): Promise<OpenedLink> {
      const [linkId = '', secret = ''] = code.split('.');
      const [row] = await query<LinkRow>(
        pool,
        `SELECT approval_id, principal_id, secret_hash, content_digest, clock_timestamp() >= expires_at AS is_over, used_at
         FROM approval_link WHERE link_id = $1`,
        [linkId],
      );
      if (row === undefined || !timingSafeEqual(row.secret_hash, hashOf(secret)))
        throw new MlopsError('APPROVAL_LINK_INVALID', { problem: 'it is not known' });
      if (row.used_at !== null) throw new MlopsError('APPROVAL_LINK_INVALID', { problem: 'it was used already' });
      if (row.is_over) throw new MlopsError('APPROVAL_LINK_INVALID', { problem: 'it has expired' });
      return { linkId, approvalId: row.approval_id, principal: row.principal_id, seen: row.content_digest };
    },
  };
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
