import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type Mlops } from '../../client/index.ts';
import type { RolloutStatus } from '../../workflows/messages.ts';
import type { TestProject } from './stack.ts';

/** What the gateway's admin API has of one write. */
export interface GatewayWrite {
  readonly generation: number;
  readonly idempotencyKey: string;
  readonly split: { readonly canaryBasisPoints: number; readonly stable: { readonly version: string } };
}

/** Where rollouts stand, asked for in this process: one for each look would compute more than the stack that is looked at. */
export interface StatusReader {
  /** @throws as `mlops rollout status` */
  of(model: string): Promise<RolloutStatus>;
  close(): Promise<void>;
}

/** Reads the status of a project's rollouts; a server that was away is connected to anew. */
export function createStatusReader(project: Pick<TestProject, 'root'>, portOffset: number): StatusReader {
  let client: Mlops | null = null;
  const open = (): Mlops => connect({ workingDirectory: project.root, env: { MLOPS_PORT_OFFSET: String(portOffset) } });
  const close = async (): Promise<void> => {
    const before = client;
    client = null;
    await before?.close();
  };
  return {
    of: async (model) => {
      try {
        return await (client ??= open()).rollouts.status(model);
      } catch {
        await close();
        return await (client ??= open()).rollouts.status(model);
      }
    },
    close,
  };
}

/** Every write the gateway applied for a model, in its order. */
export async function readWrites(project: TestProject, offset: number, model: string): Promise<GatewayWrite[]> {
  const token = (await readFile(join(project.root, '.mlops/gateway/token'), 'utf8')).trim();
  const response = await fetch(`http://127.0.0.1:${8081 + offset}/v1/splits/${model}/history`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return ((await response.json()) as { writes?: GatewayWrite[] }).writes ?? [];
}

/**
 * Arguments of a start, with the endpoints of those of the services that have a part in it.
 *
 * @param more further options; a `--from` or another `--to` among them counts
 */
export function startArguments(
  model: string,
  to: string,
  endpoints: Readonly<Record<string, string>>,
  ...more: readonly string[]
): string[] {
  const given = (flag: string, fallback: string): string => {
    const at = more.lastIndexOf(flag);
    return (at === -1 ? undefined : more[at + 1]) ?? fallback;
  };
  const versions = [given('--from', ''), given('--to', to)];
  const list = Object.entries(endpoints)
    .filter(([version]) => versions.includes(version))
    .flatMap(([version, url]) => ['--endpoint', `${version}=${url}`]);
  return ['rollout', 'start', '--model', model, '--to', to, ...list, ...more];
}

/** Process number of a part from its pid file, as the supervisor keeps it; null while it is not running. */
export async function pidFromFile(project: TestProject, part: string): Promise<number | null> {
  try {
    const text = await readFile(join(project.root, `.mlops/run/${part}.json`), 'utf8');
    return (JSON.parse(text) as { pid: number }).pid;
  } catch {
    return null;
  }
}

/** The same of a part that must be running. @throws Error naming the part when it is not */
export async function runningPid(project: TestProject, part: string): Promise<number> {
  const pid = await pidFromFile(project, part);
  if (pid === null) throw new Error(`${part} is not running`);
  return pid;
}
