import { isForCallers, MlopsError } from '../../errors.ts';

/** Codes of the protocol that are answered here, with their HTTP statuses: clients go by the code. */
export const STATUS = {
  ABORTED: 409,
  ENDPOINT_NOT_FOUND: 404,
  INTERNAL_ERROR: 500,
  INVALID_PARAMETER_VALUE: 400,
  PERMISSION_DENIED: 403,
  RESOURCE_ALREADY_EXISTS: 400,
  RESOURCE_DOES_NOT_EXIST: 404,
  TEMPORARILY_UNAVAILABLE: 503,
  UNAUTHENTICATED: 401,
} as const;

export type MlflowCode = keyof typeof STATUS;

/** An error as clients of the protocol read it. */
export interface MlflowAnswer {
  readonly status: number;
  readonly body: { readonly error_code: MlflowCode; readonly message: string };
}

/** Refuses a call of the protocol in its own words. */
export function refusal(errorCode: MlflowCode, problem: string): MlopsError {
  return new MlopsError('MLFLOW_REFUSED', { errorCode, problem });
}

/** What our errors are in the protocol; the rest goes by the exit code. */
const CODES: Readonly<Record<string, MlflowCode>> = {
  ALIAS_NOT_FOUND: 'INVALID_PARAMETER_VALUE',
  MODEL_NOT_FOUND: 'RESOURCE_DOES_NOT_EXIST',
  NOT_AUTHENTICATED: 'UNAUTHENTICATED',
  STAGE_CONFLICT: 'ABORTED',
  VERSION_CONFLICT: 'RESOURCE_ALREADY_EXISTS',
  VERSION_NOT_FOUND: 'RESOURCE_DOES_NOT_EXIST',
};

/** An error as the protocol answers it; of what is our fault it says nothing. */
export function answerOf(error: unknown): MlflowAnswer {
  if (!isForCallers(error)) return answer('INTERNAL_ERROR', 'Internal error');
  if (error.code === 'MLFLOW_REFUSED') return answer(error.details['errorCode'] as MlflowCode, error.message);
  const message = error.code === 'MODEL_NOT_FOUND' ? notFoundOf(error) : `${error.message}. ${error.remedy}`;
  return answer(CODES[error.code] ?? byExitCode(error), message);
}

function notFoundOf({ details, message }: MlopsError): string {
  return `Registered Model with name=${String(details['model'])} not found (${message})`;
}

function byExitCode({ exitCode, retryable }: MlopsError): MlflowCode {
  if (retryable) return 'TEMPORARILY_UNAVAILABLE';
  if (exitCode === 2) return 'INVALID_PARAMETER_VALUE';
  return exitCode === 3 || exitCode === 4 ? 'PERMISSION_DENIED' : 'INTERNAL_ERROR';
}

function answer(code: MlflowCode, message: string): MlflowAnswer {
  return { status: STATUS[code], body: { error_code: code, message } };
}
