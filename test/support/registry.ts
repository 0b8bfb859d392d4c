// A registry over a real database, with artifacts as files and approvals that a test gives.
import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool, PoolClient } from 'pg';
import type { ApprovalOrder, GrantedApprovals, RegistryParts } from '../../adapters/postgres/registry/parts.ts';
import { createRegistry } from '../../adapters/postgres/registry/registry.ts';
import type { EvidenceParts } from '../../adapters/postgres/rollout-store.ts';
import { MlopsError } from '../../domain/errors.ts';
import { canonicalJson } from '../../domain/governance/canonical-json.ts';
import type { ArtifactSignatures, ArtifactStore } from '../../domain/registry/artifact.ts';
import { APPROVAL_POLICY } from './approval-policy.ts';
import { assemblePolicy } from '../../domain/registry/policy.ts';
import type { RegistrationOrder } from '../../domain/registry/registration.ts';

/** Keeps single files under their digest, in a folder of its own. */
export async function createFileStore(): Promise<ArtifactStore & { pathOf(digest: string): string }> {
  const folder = await mkdtemp(join(tmpdir(), 'mlops-artifacts-'));
  const digestOf = async (path: string) => {
    const bytes = await readFile(path);
    return { digest: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
  };
  let parts = 0;
  const pathOf = (digest: string): string => join(folder, digest);
  return {
    pathOf,
    async put(path) {
      const { bytes, digest } = await digestOf(path);
      // Whole, or not there: others may be reading the same content now.
      const part = `${pathOf(digest)}.${(parts += 1)}`;
      await copyFile(path, part);
      await rename(part, pathOf(digest));
      return { digest, bytes, files: 1 };
    },
    async verify(digest) {
      const found = await digestOf(pathOf(digest)).catch(() => null);
      if (found === null) return { ok: false, problem: 'it is missing', bytes: 0, signer: null };
      const ok = found.digest === digest;
      return {
        ok,
        problem: ok ? null : `its content is ${found.digest}`,
        bytes: found.bytes,
        signer: ok ? 'key ada' : null,
      };
    },
    fetch: async (digest, to) => await copyFile(pathOf(digest), to),
  };
}

/** Approvals by their id, as a test grants them: for one kind, resource and content. */
export function createApprovals(): GrantedApprovals & {
  grant(order: ApprovalOrder, approvers: readonly string[]): void;
} {
  const granted = new Map<string, { readonly order: ApprovalOrder; readonly approvers: readonly string[] }>();
  return {
    grant: (order, approvers) => void granted.set(order.approvalId, { order, approvers }),
    async assertGranted(client, order) {
      const found = granted.get(order.approvalId);
      if (found !== undefined && textOf(found.order) === textOf(order)) {
        await writeApproval(client, order, found.approvers);
        return found;
      }
      throw new MlopsError('APPROVAL_NOT_GRANTED', { ...order, problem: 'it is for something else' });
    },
  };
}

/** What would be in the database if people had been asked: the rules of how it comes there are not those that are tested here. */
async function writeApproval(client: PoolClient, order: ApprovalOrder, approvers: readonly string[]): Promise<void> {
  const { approvalId, bound, kind, resource, sequence } = order;
  const digest = '0'.repeat(64);
  await client.query('SET LOCAL session_replication_role = replica');
  await client.query(
    `INSERT INTO approval_request (approval_id, kind, resource, environment, requested_by, excluded, artifact_digest, tests_digest,
       policy_digest, evidence, action, content_digest, risk_score, risk_band, risk_inputs, risk_reasons, quorum, roles,
       remind_seconds, escalate_seconds, expire_seconds, state, carried_out_at, ledger_sequence, expires_at)
     VALUES ($1, $2, $3, 'dev', 'test', '{"test": "requester"}', $4, $5, $6, '[]', '{}', $7, 0, 'low', '{}', '[]', 1, '{approver}',
       1, 1, 1, 'carried-out', now(), $8, now())`,
    [approvalId, kind, resource, bound.artifact, bound.tests, bound.policy, digest, sequence],
  );
  await client.query(
    `INSERT INTO approval_decision (approval_id, round, principal_id, verdict, seen, roles, ledger_sequence)
     SELECT $1, 1, approver, 'approve', $2, '{approver}', $3 FROM unnest($4::text[]) AS approver`,
    [approvalId, digest, sequence, approvers],
  );
  await client.query('SET LOCAL session_replication_role = origin');
}

/** What an approval is for, wherever it is used. */
function textOf({ approvalId, bound, kind, resource }: ApprovalOrder): string {
  return canonicalJson({ approvalId, bound: { ...bound }, kind, resource });
}

/** All artifacts are signed, as the store says too. */
const SIGNED: ArtifactSignatures = { signerOf: async () => await Promise.resolve('key ada') };

export type TestRegistry = ReturnType<typeof createRegistry>;

/** A registry of the environment `dev`. */
export async function createTestRegistry(evidence: EvidenceParts, more: Partial<RegistryParts> = {}) {
  const [store, approvals] = [await createFileStore(), createApprovals()];
  const parts = {
    ...evidence,
    environment: 'dev',
    store,
    signatures: SIGNED,
    approvals,
    policy: assemblePolicy([], APPROVAL_POLICY),
    router: { observe: async () => await Promise.resolve(null) },
    endpointHosts: ['127.0.0.1', 'rag.internal'],
    wakeApprovals: async () => await Promise.resolve(),
    readSample: 0,
    ...more,
  };
  return { registry: createRegistry(parts), store, approvals, parts };
}

/** What is registered of a model that has nothing of note. */
export function registrationOf(
  model: string,
  version: string,
  more: Partial<RegistrationOrder> = {},
): RegistrationOrder {
  const metadata = { dimension: 768, distance: 'cosine', tokenizer: 'bert-base-uncased' };
  return { model, version, type: 'embedding', metadata, ...more };
}

/** A file with this content. */
export async function fileOf(content: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'mlops-model-')), 'model.bin');
  await writeFile(path, content);
  return path;
}

/** Types of the events about a resource, oldest first. */
export async function eventsOf(
  pool: Pool,
  resource: string,
): Promise<{ type: string; category: string; facts: Record<string, unknown> }[]> {
  const { rows } = await pool.query<{ canonical: string }>(
    'SELECT canonical FROM ledger_event WHERE resource = $1 ORDER BY sequence',
    [resource],
  );
  return rows.map(
    ({ canonical }) => JSON.parse(canonical) as { type: string; category: string; facts: Record<string, unknown> },
  );
}
