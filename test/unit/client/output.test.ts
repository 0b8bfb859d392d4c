import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CommandResult, OutputFormat } from '../../../client/cli/command.ts';
import { renderFailure } from '../../../client/cli/failure.ts';
import { renderResult } from '../../../client/cli/output.ts';
import { renderTable } from '../../../client/cli/render-table.ts';
import { MlopsError } from '../../../domain/errors.ts';

const render = async (result: CommandResult, format: OutputFormat, useColor = false): Promise<string> => {
  const named = async (text: string) => await Promise.resolve(text.replace('principal:1', 'an\u001b[8mn'));
  return await renderResult(result, { format, named, useColor });
};

describe('what a command prints', () => {
  it('has no power over the terminal, whatever others have written', async () => {
    const text = 'a\u001b[2J\u009b8m \u202eb\u0007\r\n\tc by principal:1';
    const shown = 'a\\u001b[2J\\u009b8m \\u202eb\\u0007\n\tc by an\\u001b[8mn';
    expect(await render({ exitCode: 0, text }, 'table')).toBe(shown);
    expect(await render({ exitCode: 0, text }, 'md')).toBe(`\`\`\`text\n${shown}\n\`\`\``);
    expect(await render({ exitCode: 0, text, markdown: '# \u001b[8mx' }, 'md')).toBe('# \\u001b[8mx');
    // As it is, for programs.
    expect(JSON.parse(await render({ exitCode: 0, data: { text } }, 'json'))).toEqual({ schemaVersion: 1, text });
    // What is shown as JSON stays JSON.
    expect(JSON.parse(await render({ exitCode: 0, data: { text } }, 'table'))).toMatchObject({
      text: expect.any(String) as string,
    });
  });

  it('stays in its fence, and in its row, whatever is in it', async () => {
    expect(await render({ exitCode: 0, text: 'a\n```\nb' }, 'md')).toBe('````text\na\n```\nb\n````');
    expect(renderTable(['A', 'B'], [['x\nC  D', 'y']])).toBe('A            B\nx\\u000aC  D  y');
  });

  it('keeps its own colours where it has some, and no others', async () => {
    const text = '\u001b[32mgood\u001b[39m \u001b[8mhidden\u001b[0m';
    expect(await render({ exitCode: 0, text }, 'table', true)).toBe(
      '\u001b[32mgood\u001b[39m \\u001b[8mhidden\\u001b[0m',
    );
    expect(await render({ exitCode: 0, text }, 'table')).not.toContain('\u001b');
  });

  it('is said to have found no room, in words', () => {
    const program = join(import.meta.dirname, '../../../client/cli/main.ts');
    const { status, stderr } = spawnSync(process.execPath, ['--no-warnings', program, 'completion', 'bash'], {
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([1, 'error: Output cannot be written: ENOSPC: no space left on device, write\n']);
  });

  it('is nothing for people when it has nothing to say, and still data for programs', async () => {
    const nothing = { exitCode: 5 } as const;
    expect(await render(nothing, 'table')).toBe('');
    expect(await render(nothing, 'jsonl')).toBe('');
    expect(JSON.parse(await render(nothing, 'json'))).toEqual({ schemaVersion: 1 });
  });

  it('is data when there are no words for it', async () => {
    expect(JSON.parse(await render({ exitCode: 0, data: { a: 1 } }, 'table'))).toEqual({
      schemaVersion: 1,
      a: 1,
    });
  });
});

describe('what is printed of an error', () => {
  const system = (message: string, more: object) => Object.assign(new Error(message), more);

  it.each([
    [system('ENOENT: no such file', { code: 'ENOENT', path: '/a/token' }), 'there is no file /a/token'],
    [
      system('EACCES: denied', { code: 'EACCES', path: '/a/token' }),
      '/a/token may not be read or written by this user',
    ],
    [system('EISDIR: illegal', { code: 'EISDIR', path: '/a' }), '/a is a folder'],
    [system('EISDIR: illegal operation on a directory, read', { code: 'EISDIR' }), 'it is a folder'],
    [
      system('fetch failed', {
        cause: system('connect ECONNREFUSED', { code: 'ECONNREFUSED', address: '::1', port: 81 }),
      }),
      'nobody answers at ::1:81',
    ],
  ])('says %s in words, once', (cause, words) => {
    const unexpected = renderFailure(cause, 'table', false);
    expect(unexpected).toEqual({
      exitCode: 1,
      text: expect.stringContaining(`error: unexpected: ${words}\n`) as string,
    });
    const error = new MlopsError('ROUTER_UNREACHABLE', { address: 'http://x', reason: words }, { cause });
    const { text } = renderFailure(error, 'table', false);
    expect(text.split(words)).toHaveLength(2);
    expect(text).not.toContain('caused by');
  });

  it.each([
    ['says what a worker refused once, whatever it came in', undefined, /#approval_refused$/],
    ['and what lies behind it', new Error('14 UNAVAILABLE'), /#approval_refused\n {2}caused by: 14 UNAVAILABLE$/],
  ])('%s', (_, behind, end) => {
    const failure = Object.assign(new Error('approve refused: it is denied', { cause: behind }), {
      type: 'APPROVAL_REFUSED',
    });
    const cause = new Error('Workflow Update failed', { cause: failure });
    const details = { action: 'Approval', approvalId: 'apr-1', problem: 'it is denied' };
    expect(renderFailure(new MlopsError('APPROVAL_REFUSED', details, { cause }), 'table', false).text).toMatch(end);
  });

  it('has no power over the terminal, whatever was read', () => {
    const error = new MlopsError('INPUT_UNREADABLE', { file: 'a\u001b[31m\u0007\u009b.json', problem: 'b\r\n' });
    const { text } = renderFailure(error, 'table', false);
    expect(text).toContain(String.raw`a\u001b[31m\u0007\u009b.json`);
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it('has the deeper cause when that was not said yet', () => {
    const cause = new Error('Failed to query', { cause: new Error('14 UNAVAILABLE') });
    const { text } = renderFailure(
      new MlopsError('ROUTER_UNREACHABLE', { address: 'x', reason: 'y' }, { cause }),
      'table',
      false,
    );
    expect(text).toMatch(/caused by: Failed to query\n {2}caused by: 14 UNAVAILABLE$/);
  });
});
