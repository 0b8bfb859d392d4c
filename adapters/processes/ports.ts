import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';

/** Who listens on a loopback port, in words, or null when it is free. */
export async function findPortHolder(port: number): Promise<string | null> {
  if (await isFree(port)) return null;
  const inode = inodeOf(port);
  const pid = inode === null ? null : pidOf(inode);
  if (pid === null) return 'another program';
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, 3).join(' ').trim();
  return `pid ${pid} (${command.slice(0, 80)})${folderOf(pid)}`;
}

/** Where a process runs: the parts of another local stack run in its project. */
function folderOf(pid: number): string {
  try {
    return ` in ${readlinkSync(`/proc/${pid}/cwd`)}`;
  } catch {
    return '';
  }
}

/** The first free loopback port from `port` on, at most 50 further; several workers share a machine. */
export async function findFreePort(port: number): Promise<number> {
  for (let candidate = port; candidate < port + 50; candidate += 1) if (await isFree(candidate)) return candidate;
  return port;
}

/** Whether nobody listens on a loopback port. */
export async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Socket inode of a listener (state 0A), from /proc/net/tcp. */
function inodeOf(port: number): string | null {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readText(file).split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(`:${wanted}`) === true && fields[3] === '0A') return fields[9] ?? null;
    }
  }
  return null;
}

function pidOf(inode: string): number | null {
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const found = readdirSync(`/proc/${name}/fd`).some(
        (fd) => readlinkSync(`/proc/${name}/fd/${fd}`) === `socket:[${inode}]`,
      );
      if (found) return Number(name);
    } catch {
      // Gone meanwhile, or not ours to look into.
    }
  }
  return null;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
