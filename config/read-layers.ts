import { join, relative } from 'node:path';
import { messageOf } from '../domain/errors.ts';
import { DEFAULTS } from './defaults.ts';
import { isRecord, readLayer, type Layer } from './layers.ts';

/** The files, and the keys of mlops.yaml. */
export type Section = 'deployment' | 'monitoring' | 'governance';

/** What was read, and what could not be. */
export interface ReadLayers {
  /** Later ones win; the first holds the defaults. */
  readonly layers: Readonly<Record<Section, readonly Layer[]>>;
  readonly problems: readonly string[];
  /** Every file that is there could be read. */
  readonly isComplete: boolean;
}

/** Reads `mlops.yaml` and `config/*.yaml` of a project. */
export function readLayers(root: string, projectFile: string | null): ReadLayers {
  const unread: string[] = [];
  const read = (file: string): Layer[] => {
    const layer = readLayerOrSay(file, root);
    if (layer === null) return [];
    if (!('problem' in layer)) return [layer];
    unread.push(layer.problem);
    return [];
  };
  const own = projectFile === null ? [] : read(projectFile);
  const layersOf = (section: Section): Layer[] => [
    { name: 'defaults', value: DEFAULTS[section], lines: new Map() },
    ...read(join(root, 'config', `${section}.yaml`)),
    ...own.flatMap((layer) => sectionOf(layer, section)),
  ];
  const layers = {
    deployment: layersOf('deployment'),
    monitoring: layersOf('monitoring'),
    governance: layersOf('governance'),
  };
  return { layers, problems: [...unread, ...own.flatMap(problemsOf)], isComplete: unread.length === 0 };
}

/** A file that is there and cannot be read is a problem like any other. */
function readLayerOrSay(file: string, root: string): ReturnType<typeof readLayer> {
  try {
    return readLayer(file, root);
  } catch (error) {
    return { problem: `${relative(root, file)}: cannot be read: ${messageOf(error)}` };
  }
}

/** `mlops.yaml` has three keys, and each has keys of its own, or nothing yet. */
function problemsOf({ name, value, lines }: Layer): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const where = `${name}:${lines.get(key) ?? 1}`;
    if (!Object.hasOwn(DEFAULTS, key))
      return [`${where}: unknown key ${key}, wanted deployment, monitoring or governance`];
    return isRecord(inner) || inner === null
      ? []
      : [`${where}: ${key}: ${JSON.stringify(inner)}, wanted keys with values`];
  });
}

function sectionOf(layer: Layer, section: Section): Layer[] {
  const value = layer.value[section];
  if (!isRecord(value)) return [];
  const lines = [...layer.lines]
    .filter(([path]) => path.startsWith(`${section}.`))
    .map(([path, line]) => [path.slice(section.length + 1), line] as const);
  return [{ name: layer.name, value, lines: new Map(lines) }];
}
