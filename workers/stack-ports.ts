import { findPortHolder, isFree } from '../adapters/processes/ports.ts';
import { pidFileOf } from '../adapters/processes/part.ts';
import { readLivePid } from '../adapters/processes/pid-file.ts';
import { BASE_PORTS, MOST_PORT_OFFSET } from '../config/defaults.ts';
import { portsFrom } from '../config/load.ts';
import type { MlopsConfig } from '../config/schema.ts';

/** A port of the local stack that somebody else holds. */
export interface TakenPort {
  /** What it is for, in words. */
  readonly use: string;
  readonly port: number;
  /** In words. */
  readonly holder: string;
}

const OFFSET_STEP = 100;
const OFFSETS_TRIED = 50;

/** What the ports of parts that run on this machine are for: part, use in words, port. */
function neededPorts({ ports, gateway, databaseUrl, temporal }: MlopsConfig): [string, string, number][] {
  return [
    ...named(!gateway.isElsewhere, [
      ['gateway', 'the gateway', ports.gateway],
      ['gateway', "the gateway's admin API", ports.gatewayAdmin],
    ]),
    ['api', 'the API', ports.api],
    ['worker', "the worker's metrics", ports.workerMetrics],
    ...named(databaseUrl === null, [['postgres', 'PostgreSQL', ports.postgres]]),
    ...named(temporal.address === null, [
      ['temporal', 'Temporal', ports.temporal],
      ['temporal', "Temporal's Web UI", ports.temporalUi],
    ]),
  ];
}

function named(isHere: boolean, ports: [string, string, number][]): [string, string, number][] {
  return isHere ? ports : [];
}

/** Every port that somebody else holds; those of parts that run are theirs. */
export async function findTakenPorts(config: MlopsConfig): Promise<TakenPort[]> {
  const taken: TakenPort[] = [];
  for (const [part, use, port] of neededPorts(config)) {
    if ((await readLivePid(pidFileOf(config.stateDirectory, part))) !== null) continue;
    const holder = await findPortHolder(port);
    if (holder !== null) taken.push({ use, port, holder });
  }
  return taken;
}

/** The same in words: `8233 (Temporal's Web UI) is held by pid 4711 (temporal server start-dev) in /srv/other`. */
export function describeTaken(taken: readonly TakenPort[]): string {
  return taken.map(({ use, port, holder }) => `${port} (${use}) is held by ${holder}`).join('; ');
}

/** The next offset at which every port is free now; the next one at all when none of many is. */
export async function findFreeOffset({ ports }: Pick<MlopsConfig, 'ports'>): Promise<number> {
  const next = Math.ceil((ports.api - BASE_PORTS.api + 1) / OFFSET_STEP) * OFFSET_STEP;
  for (let offset = next; offset < next + OFFSETS_TRIED * OFFSET_STEP; offset += OFFSET_STEP) {
    if (offset > MOST_PORT_OFFSET) break;
    const free = await Promise.all(Object.values(portsFrom(offset)).map(isFree));
    if (free.every(Boolean)) return offset;
  }
  return Math.min(next, MOST_PORT_OFFSET);
}
