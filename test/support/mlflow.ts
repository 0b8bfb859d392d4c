// The registry in the MLflow protocol, over a real database and real HTTP.
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { createPrimitives } from '../../adapters/crypto/primitives.ts';
import { createTokenVerifier, type TokenVerifier } from '../../adapters/identity/token-verifier.ts';
import { createWebhookSender } from '../../adapters/notify/mlflow-webhook.ts';
import { createAuthority } from '../../adapters/postgres/identity/authority.ts';
import { createApprovalReader } from '../../adapters/postgres/registry/approval-reader.ts';
import { createApprovalStore } from '../../adapters/postgres/registry/approval-store.ts';
import { createGrantedApprovals } from '../../adapters/postgres/registry/granted-approvals.ts';
import { createWebhookContent } from '../../adapters/postgres/registry/webhooks/content.ts';
import { createWebhooks } from '../../adapters/postgres/registry/webhooks/webhooks.ts';
import type { EvidenceParts } from '../../adapters/postgres/rollout-store.ts';
import { ROLE_NAMES } from '../../domain/governance/roles.ts';
import { APPROVAL_POLICY } from './approval-policy.ts';
import { createCallers } from '../../workers/api/callers.ts';
import { registerMlflow } from '../../workers/api/mlflow.ts';
import { askForApprovals, composeRegistryCarriers } from '../../workers/registry-approvals.ts';
import type { WebhookOffice } from '../../workers/webhooks.ts';
import { testKeys, testSecretKeys } from './database.ts';
import { createTestRegistry, type TestRegistry } from './registry.ts';

/** A server of the protocol, and the registry behind it. */
export interface MlflowServer {
  readonly url: string;
  readonly registry: TestRegistry;
  /** Models whose approvals that wait were told to look again. */
  readonly woken: readonly string[];
  call(method: string, path: string, fields?: object, headers?: Record<string, string>): Promise<MlflowReply>;
  close(): Promise<void>;
}

/** What tests read of a version. */
export interface VersionBody {
  readonly name: string;
  readonly version: string;
  readonly current_stage: string;
}

/** What tests read of a webhook. */
interface WebhookBody {
  readonly webhook_id: string;
  readonly name: string;
  readonly status: string;
}

/** What tests read of a reply. */
interface Body {
  readonly error_code?: string;
  readonly message?: string;
  readonly next_page_token?: string;
  readonly artifact_uri?: string;
  readonly registered_model?: { readonly name: string; readonly last_updated_timestamp: number };
  readonly registered_models?: readonly { readonly name: string }[];
  readonly model_version?: VersionBody;
  readonly model_versions?: readonly VersionBody[];
  readonly webhook?: WebhookBody;
  readonly webhooks?: readonly WebhookBody[];
  readonly result?: object;
}

/** A reply: its status, and its JSON. */
export interface MlflowReply {
  readonly status: number;
  readonly body: Body;
}

/** Starts one on a free port. Its approvals are rows: nobody remembers who was asked. */
export async function startMlflow(
  evidence: EvidenceParts,
  {
    tokens = createTokenVerifier([]),
    trustsLoopback = true,
    roles = ROLE_NAMES,
    webhookHosts = ['127.0.0.1'],
    readSample = 0,
  }: {
    readonly tokens?: TokenVerifier;
    readonly trustsLoopback?: boolean;
    readonly roles?: readonly string[];
    readonly webhookHosts?: readonly string[];
    readonly readSample?: number;
  } = {},
): Promise<MlflowServer> {
  const woken: string[] = [];
  const made = await createTestRegistry(evidence, {
    approvals: createGrantedApprovals(),
    readSample,
    wakeApprovals: async (model) => void (await Promise.resolve(woken.push(model))),
  });
  const [store, reader] = [createApprovalStore(evidence), createApprovalReader(evidence.pool)];
  let count = 0;
  const signatures = { signerOf: async () => await Promise.resolve(null) };
  const carriers = composeRegistryCarriers(made.registry, { ...made.parts, signatures });
  const registry = askForApprovals(made.registry, made.parts, async ({ kind, reason, requestedBy, resource }) => {
    const open = await reader.openFor('dev', kind, resource);
    if (open !== null) return open;
    count += 1;
    const asked = { kind, resource, requestedBy, environment: 'dev' };
    const found = await carriers[kind]?.assess?.(asked, null);
    if (found === undefined || found === null || found === 'unknown' || found.risk === null)
      throw new Error(`${resource} cannot be assessed`);
    const order = { ...asked, ...found, risk: found.risk, reason };
    const requester = await evidence.principals.actor(requestedBy);
    return (await store.open(`apr-${process.pid}-${count}`, order, APPROVAL_POLICY, requester)).record;
  });
  const authority = createAuthority({
    ...evidence,
    primitives: createPrimitives(),
    rules: { mustSign: false, developmentRoles: roles },
    tokens,
  });
  const webhooks = openWebhooks(evidence, webhookHosts);
  const gate = {
    callers: createCallers({ evidence, authority, trustsLoopback, advice: 'set MLFLOW_TRACKING_TOKEN' }),
    parts: { ...made.parts, registry, webhooks },
  };
  const app = fastify({ logger: false, forceCloseConnections: true });
  registerMlflow(app, async () => await Promise.resolve(gate));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return {
    url,
    registry,
    woken,
    call: async (...asked) => await ask(url, ...asked),
    close: async () => await app.close(),
  };
}

/** Webhooks of the environment `dev`, and what sends them. */
export function openWebhooks(evidence: EvidenceParts, hosts: readonly string[] = ['127.0.0.1']): WebhookOffice {
  const rules = { hosts, allowsPlainLoopback: true };
  const parts = { ...evidence, environment: 'dev', keys: testSecretKeys };
  return {
    rules,
    hooks: createWebhooks(parts),
    content: createWebhookContent({ ...parts, payloadKeys: testKeys }),
    sender: createWebhookSender(rules),
  };
}

async function ask(
  url: string,
  method: string,
  path: string,
  fields: object = {},
  headers: Record<string, string> = {},
): Promise<MlflowReply> {
  const query = method === 'GET' ? `?${queryOf(fields)}` : '';
  const target = path.startsWith('/') ? path : `/api/2.0/mlflow/${path}`;
  const response = await fetch(`${url}${target}${query}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(method === 'GET' ? {} : { body: JSON.stringify(fields) }),
  });
  return { status: response.status, body: (await response.json()) as Body };
}

function queryOf(fields: object): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields))
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  return query.toString();
}
