import type { CommandResult, OutputFormat } from './command.ts';

/** The text a result is printed as; machine formats carry `schemaVersion` first. */
export async function renderResult(result: CommandResult, format: OutputFormat): Promise<string> {
  if (format === 'md') return result.markdown ?? fence(result.text ?? '');
  if (format === 'table') return result.text ?? (result.data === undefined ? '' : renderJson(result.data));
  if (format === 'json') return renderJson(result.data ?? {});
  if (format === 'yaml') return (await import('yaml')).stringify(versioned(result.data ?? {})).trimEnd();
  return result.data === undefined ? '' : JSON.stringify(versioned(result.data));
}

function renderJson(data: unknown): string {
  return JSON.stringify(versioned(data), null, 2);
}

function versioned(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return data;
  return { schemaVersion: 1, ...data };
}

function fence(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}
