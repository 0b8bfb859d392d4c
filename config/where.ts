import type { Layer } from './layers.ts';

/** File and line of a setting: its own, or that of the nearest key around it. */
export function whereIs(path: string, layers: readonly Layer[]): string {
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    const line = lineOf(at, layers);
    if (line !== null) return line;
  }
  return 'configuration';
}

/** File and line at which a setting itself stands, in the last layer that has it; null when none has. */
export function lineOf(path: string, layers: readonly Layer[]): string | null {
  const layer = layers.findLast(({ lines }) => lines.has(path));
  return layer === undefined ? null : `${layer.name}:${layer.lines.get(path)}`;
}
