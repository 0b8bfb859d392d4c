import type { CommandContext, CommandResult } from './command.ts';
import { printable } from './printable.ts';

/** The text a result is printed as; machine formats carry `schemaVersion` first. */
export async function renderResult(
  result: CommandResult,
  { format, named, useColor }: Pick<CommandContext, 'format' | 'named' | 'useColor'>,
): Promise<string> {
  if (format === 'md' || format === 'table') {
    const text = format === 'md' ? (result.markdown ?? fence(result.text ?? '')) : textOf(result);
    return printable(result.showsIds === true ? text : await named(text), useColor);
  }
  if (format === 'json') return renderJson(result.data ?? {});
  if (format === 'yaml') return (await import('yaml')).stringify(versioned(result.data ?? {})).trimEnd();
  return result.data === undefined ? '' : JSON.stringify(versioned(result.data));
}

function textOf({ data, text }: CommandResult): string {
  return text ?? (data === undefined ? '' : renderJson(data));
}

function renderJson(data: unknown): string {
  return JSON.stringify(versioned(data), null, 2);
}

function versioned(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return data;
  return { schemaVersion: 1, ...data };
}

/** In a fence that nothing in the text ends. */
function fence(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}text\n${text}\n${ticks}`;
}
