import { spawn, type SpawnOptions } from 'node:child_process';

/** Runs a program to its end without blocking; whether it is there and ended well. */
export async function succeeds(program: string, args: readonly string[], options: SpawnOptions = {}): Promise<boolean> {
  const child = spawn(program, args, { stdio: 'ignore', ...options });
  return await new Promise((resolve) => {
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
}
