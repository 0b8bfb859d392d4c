import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runAlone, runExclusively } from '../../../adapters/processes/exclusive.ts';

const freshFile = (): string => join(mkdtempSync(join(tmpdir(), 'mlops-turn-')), 'run/turn.lock');
const MODULE = join(import.meta.dirname, '../../../adapters/processes/exclusive.ts');

describe('work that is done by one process at a time', () => {
  it('never overlaps, and tells those who wait once', async () => {
    const file = freshFile();
    const story: string[] = [];
    const work = (name: string) => async () => {
      story.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 150));
      story.push(`${name} ends`);
      return name;
    };
    const waiting: string[] = [];
    const names = ['a', 'b', 'c'];
    const done = await Promise.all(
      names.map(async (name) => await runExclusively(file, work(name), () => waiting.push(name))),
    );
    expect(done).toEqual(names);
    expect(waiting).toHaveLength(2);
    for (let turn = 0; turn < 3; turn += 1) {
      const [begins = '', ends = ''] = story.slice(2 * turn, 2 * turn + 2);
      expect(ends).toBe(begins.replace('begins', 'ends'));
    }
  });

  it('goes on when it failed', async () => {
    const file = freshFile();
    const broken = runExclusively(
      file,
      async () => await Promise.reject(new Error('broken')),
      () => undefined,
    );
    await expect(broken).rejects.toThrow('broken');
    expect(
      await runExclusively(
        file,
        async () => await Promise.resolve(1),
        () => undefined,
      ),
    ).toBe(1);
  });

  it('is refused instead of waited for when it is to be done alone, and can be done after that', async () => {
    const file = freshFile();
    const taken = async (): Promise<never> => await Promise.reject(new Error('taken'));
    let end: () => void = () => undefined;
    const first = runAlone(file, async () => await new Promise<void>((resolve) => (end = resolve)), taken);
    const second = async () => await runAlone(file, async () => await Promise.resolve('done'), taken);
    await expect(second()).rejects.toThrow('taken');
    end();
    await first;
    expect(await second()).toBe('done');
  });

  it('goes on when the process that did it was killed', async () => {
    const file = freshFile();
    const program = `
      import { runExclusively } from ${JSON.stringify(MODULE)};
      await runExclusively(${JSON.stringify(file)}, async () => {
        console.log('mine');
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      }, () => undefined);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
    });
    await once(holder.stdout, 'data');
    let waited = false;
    const mine = runExclusively(
      file,
      async () => await Promise.resolve('mine now'),
      () => {
        waited = true;
        holder.kill('SIGKILL');
      },
    );
    expect(await mine).toBe('mine now');
    expect(waited).toBe(true);
  });
});
