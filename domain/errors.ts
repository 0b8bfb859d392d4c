import { ARTIFACT_ERRORS } from './errors/artifacts.ts';
import { APPROVAL_ERRORS } from './errors/approval.ts';
import { CONFIG_ERRORS } from './errors/config.ts';
import { GATEWAY_ERRORS } from './errors/gateway.ts';
import { IDENTITY_ERRORS } from './errors/identity.ts';
import { KEY_ERRORS } from './errors/keys.ts';
import { LEDGER_ERRORS } from './errors/ledger.ts';
import { REGISTRY_ERRORS } from './errors/registry.ts';
import { ROLLOUT_ERRORS } from './errors/rollout.ts';
import { STACK_ERRORS } from './errors/stack.ts';
import type { ErrorDefinition } from './errors/definition.ts';

/** Every operational failure this program can report, by code. docs/reference/errors.md is generated from it. */
export const ERRORS = {
  ...ARTIFACT_ERRORS,
  ...APPROVAL_ERRORS,
  ...CONFIG_ERRORS,
  ...GATEWAY_ERRORS,
  ...IDENTITY_ERRORS,
  ...KEY_ERRORS,
  ...LEDGER_ERRORS,
  ...REGISTRY_ERRORS,
  ...ROLLOUT_ERRORS,
  ...STACK_ERRORS,
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof ERRORS;

/** An operational failure with a code from the registry: what failed, with which value, and the remedy. */
export class MlopsError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly retryable: boolean;
  readonly exitCode: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, details: Record<string, unknown> = {}, options: { cause?: unknown } = {}) {
    const definition: ErrorDefinition = ERRORS[code];
    super(fill(definition.message, details), options);
    this.name = 'MlopsError';
    this.code = code;
    this.remedy = fill(definition.remedy, details);
    this.retryable = definition.retryable;
    this.exitCode = definition.exitCode;
    this.details = details;
  }
}

/** Tells a coded error from anything else, also across module realms. */
export function isMlopsError(error: unknown, code?: ErrorCode): error is MlopsError {
  return (
    error instanceof Error && error.name === 'MlopsError' && (code === undefined || (error as MlopsError).code === code)
  );
}

/** What the database refuses of what the program asks: nothing that a caller could mend. */
export const OUR_FAULTS: readonly string[] = ['LEDGER_REFUSED', 'LEDGER_FORBIDDEN'];

/** Tells what callers of an API are answered from what is our fault, which nobody foresaw or they can do nothing about: that the log says. */
export function isForCallers(error: unknown): error is MlopsError {
  return isMlopsError(error) && !OUR_FAULTS.includes(error.code);
}

/** What anything that was thrown says, in words; what the system says by a code is said in words too. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, path, address, port } = error as SystemError;
  if (code === 'ENOENT' && path !== undefined) return `there is no file ${path}`;
  if (code === 'EACCES' && path !== undefined) return `${path} may not be read or written by this user`;
  // Node names no path when it is the reading that fails.
  if (code === 'EISDIR') return `${path ?? 'it'} is a folder`;
  if (code === 'ECONNREFUSED' && address !== undefined) return `nobody answers at ${address}:${port ?? '?'}`;
  // The cause is what says something.
  if (error.message === 'fetch failed' && error.cause instanceof Error) return messageOf(error.cause);
  return error.message === '' ? (code ?? error.name) : error.message;
}

/** What Node adds to errors of the operating system. */
interface SystemError {
  readonly code?: string;
  readonly path?: string;
  readonly address?: string;
  readonly port?: number;
}

/** Replaces every {name} of a template by the detail of that name. A missing detail stays visible as {name}. */
function fill(template: string, details: Record<string, unknown>): string {
  return template.replace(/\{(\w+)\}/g, (hole, key: string) => (key in details ? String(details[key]) : hole));
}
