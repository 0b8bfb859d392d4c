import { existsSync, readFileSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { basename } from 'node:path';
import { wrappingFileOf } from '../adapters/crypto/ledger-keys.ts';
import { signingFileOf } from '../adapters/crypto/ledger-signer.ts';
import { findInstalledServer } from '../adapters/temporal/find-server.ts';
import { payloadKeyFile } from '../adapters/temporal/keys.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { isMlopsError, messageOf } from '../domain/errors.ts';
import { composeArtifacts } from './artifacts.ts';
import { checkDatabaseRoles } from './doctor-database.ts';
import { wrappingKeysOf } from './wrapping-keys.ts';
import { describeTaken, findFreeOffset, findTakenPorts } from './stack-ports.ts';
import { probeStack } from './stack-status.ts';

/** Shape of client/stack-port.ts `Finding`. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'problem';
  readonly detail: string;
  readonly fix: string | null;
}

/** What package.json says under `engines`. */
const WANTED_NODE = '24.15 or a later 24, or 26 and newer';
const DISK_GIB = 2;
const MEMORY_GIB = 4;
const GIB = 1024 ** 3;

/** Examines this machine and the stack; each problem names what mends it. */
export async function examineMachine(config: MlopsConfig): Promise<Finding[]> {
  const { parts } = await probeStack(config);
  return [
    checkNode(),
    await checkDisk(config.root),
    checkMemory(),
    checkPorts(config),
    await checkTaken(config),
    checkKeys('payload keys', payloadKeyFile(config.stateDirectory)),
    await checkWrappingKeys(config),
    checkSigningKey(config),
    await checkArtifacts(config),
    checkServer(config),
    await checkDatabaseRoles(config),
    ...parts.map(({ name, state, detail, fix }) => ({
      check: name,
      // What goes on, and has something to be mended all the same.
      state: state !== 'up' ? ('problem' as const) : fix === null ? ('ok' as const) : ('warning' as const),
      detail,
      fix,
    })),
  ];
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major >= 26 || (major === 24 && minor >= 15);
  return {
    check: 'node',
    state: ok ? 'ok' : 'problem',
    detail: `Node ${process.versions.node}, wanted ${WANTED_NODE}`,
    fix: ok ? null : 'npm ci (it brings Node along)',
  };
}

/** A port the kernel hands to outgoing connections may be taken, or connected to itself, while its server is away. */
export function checkPorts({ ports }: Pick<MlopsConfig, 'ports'>): Finding {
  const [least = 0, most = 0] = ephemeralRange();
  const inside = Object.entries(ports).filter(([, port]) => port >= least && port <= most);
  const shown = inside.map(([name, port]) => `${name} ${port}`).join(', ');
  return inside.length === 0
    ? { check: 'ports', state: 'ok', detail: `none in the ephemeral range ${least}-${most}`, fix: null }
    : {
        check: 'ports',
        state: 'warning',
        detail: `${shown}: in the ephemeral range ${least}-${most}, where another program's connection can take them`,
        fix: `mlops up --port-offset N with every port below ${least}`,
      };
}

/** Another stack's ports may be ours: its Web UI is where our Temporal would be when the offsets are 1,000 apart. */
async function checkTaken(config: MlopsConfig): Promise<Finding> {
  const taken = await findTakenPorts(config);
  return taken.length === 0
    ? { check: 'ports taken', state: 'ok', detail: 'none by another program', fix: null }
    : {
        check: 'ports taken',
        state: 'problem',
        detail: describeTaken(taken),
        fix: `stop what holds them, or mlops up --detach --port-offset ${await findFreeOffset(config)}`,
      };
}

/** Linux says it in /proc; elsewhere the range IANA gives. */
function ephemeralRange(): number[] {
  try {
    return readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number);
  } catch {
    return [49_152, 65_535];
  }
}

async function checkDisk(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const free = (bavail * bsize) / GIB;
  const ok = free >= DISK_GIB;
  return {
    check: 'disk',
    state: ok ? 'ok' : 'problem',
    detail: `${free.toFixed(1)} GiB free, wanted ${DISK_GIB}`,
    fix: ok ? null : 'make room on the disk of the state directory',
  };
}

function checkMemory(): Finding {
  const memory = totalmem() / GIB;
  const ok = memory >= MEMORY_GIB && cpus().length >= 2;
  return {
    check: 'machine',
    state: ok ? 'ok' : 'warning',
    detail: `${cpus().length} cores, ${memory.toFixed(0)} GiB of memory; comfortable with 2 and ${MEMORY_GIB}`,
    fix: ok ? null : 'use a larger machine',
  };
}

function checkKeys(check: string, file: string): Finding {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return { check, state: 'problem', detail: 'missing', fix: 'mlops setup' };
  const mode = stat.mode & 0o777;
  const ok = (mode & 0o077) === 0;
  return {
    check,
    state: ok ? 'ok' : 'problem',
    detail: `mode ${mode.toString(8)}, wanted 600`,
    fix: ok ? null : `chmod 600 keys/${basename(file)} in the state directory`,
  };
}

/** In the file they must be their owner's; elsewhere they must answer. */
async function checkWrappingKeys(config: MlopsConfig): Promise<Finding> {
  if (config.keys.provider === 'file') return checkKeys('ledger keys', wrappingFileOf(config.stateDirectory));
  return await checkBy('ledger keys', async () => {
    const keys = wrappingKeysOf(config);
    return `${await keys.active()} of ${keys.place} is in use`;
  });
}

/** Without it, checkpoints are signed on another machine: a new one would begin another log. */
export function checkSigningKey({ stateDirectory }: Pick<MlopsConfig, 'stateDirectory'>): Finding {
  const [check, file] = ['checkpoint key', signingFileOf(stateDirectory)];
  if (existsSync(file)) return checkKeys(check, file);
  return { check, state: 'ok', detail: 'not on this machine, which signs nothing', fix: null };
}

async function checkArtifacts(config: MlopsConfig): Promise<Finding> {
  return await checkBy('artifact store', async () => {
    const artifacts = await composeArtifacts(config);
    await artifacts.probe();
    return `${artifacts.name} can be written, and its keys are there`;
  });
}

/** What is well when it throws nothing. */
async function checkBy(check: string, examine: () => Promise<string>): Promise<Finding> {
  try {
    return { check, state: 'ok', detail: await examine(), fix: null };
  } catch (error) {
    const fix = isMlopsError(error) ? error.remedy : 'mlops setup';
    return { check, state: 'problem', detail: messageOf(error), fix };
  }
}

function checkServer(config: MlopsConfig): Finding {
  if (config.temporal.address !== null)
    return { check: 'temporal server', state: 'ok', detail: `TEMPORAL_ADDRESS ${config.temporal.address}`, fix: null };
  const found = findInstalledServer();
  if (found === null)
    return { check: 'temporal server', state: 'problem', detail: 'not downloaded or built yet', fix: 'mlops setup' };
  return { check: 'temporal server', state: 'ok', detail: `found by ${found.how}`, fix: null };
}
