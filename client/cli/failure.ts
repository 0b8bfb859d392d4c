import { isMlopsError, messageOf } from '../../domain/errors.ts';
import type { ExitCode, OutputFormat } from './command.ts';
import { printable } from './printable.ts';

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
      text: printable(
        `error: unexpected: ${message}\nTry: run it again with --debug and report what it prints${causes(error)}${stack}`,
      ),
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
    text: printable(
      `error: ${message} (${code})\nTry: ${remedy}\nMore: docs/reference/errors.md#${code.toLowerCase()}${causes(error)}${stack}`,
    ),
    exitCode,
  };
}

/** The chain of causes in the last lines: the real one is often the deepest. */
function causes(error: unknown): string {
  const lines: string[] = [];
  for (const cause of reasonsOf(error)) {
    const words = messageOf(cause).split('\n')[0] ?? '';
    // Most errors have said it already.
    if (words !== '' && !messageOf(error).includes(words)) lines.push(`\n  caused by: ${words}`);
  }
  return lines.slice(0, 4).join('');
}

/** What lies behind an error, without the envelopes in which a worker's error came here: that is the error itself, by its code. */
function reasonsOf(error: unknown): readonly Error[] {
  const chain = causesOf(error, 10);
  const code = isMlopsError(error) ? error.code : null;
  return chain.slice(chain.findLastIndex((cause) => 'type' in cause && cause.type === code) + 1);
}

function causesOf(error: unknown, most: number): Error[] {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && most > 0 ? [cause, ...causesOf(cause, most - 1)] : [];
}
