import { isMlopsError, messageOf } from '../../domain/errors.ts';
import type { ExitCode, OutputFormat } from './command.ts';

/** What is printed for an error, and the exit code it comes to. */
export function renderFailure(
  error: unknown,
  format: OutputFormat,
  debug: boolean,
): { readonly text: string; readonly exitCode: ExitCode } {
  const stack = debug && error instanceof Error ? `\n${error.stack ?? ''}` : '';
  if (!isMlopsError(error)) {
    const message = messageOf(error);
    return {
      text: `error: unexpected: ${message}\nTry: run it again with --debug and report what it prints${causes(error)}${stack}`,
      exitCode: 1,
    };
  }
  const { code, message, remedy, retryable, details } = error;
  const exitCode = error.exitCode as ExitCode;
  if (format === 'json' || format === 'jsonl')
    return {
      text: JSON.stringify({ schemaVersion: 1, error: { code, message, remedy, retryable, details } }),
      exitCode,
    };
  return {
    text: `error: ${message} (${code})\nTry: ${remedy}\nMore: docs/reference/errors.md#${code.toLowerCase()}${causes(error)}${stack}`,
    exitCode,
  };
}

/** The chain of causes in the last lines: the real one is often the deepest. */
function causes(error: unknown): string {
  const lines: string[] = [];
  for (
    let cause = (error as { cause?: unknown }).cause;
    cause instanceof Error && lines.length < 4;
    cause = cause.cause
  ) {
    const words = messageOf(cause).split('\n')[0] ?? '';
    // Most errors have said it already.
    if (words !== '' && !messageOf(error).includes(words)) lines.push(`\n  caused by: ${words}`);
  }
  return lines.join('');
}
