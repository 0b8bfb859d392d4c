import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseDocument, type Node } from 'yaml';
import type { NoiseAssumption } from '../domain/rollout/judge/noise.ts';
import type { ModelFile } from './file-schema.ts';

/** What a calibration leaves in config/deployment.yaml under `models.<model>`. */
export interface WrittenCalibration {
  readonly model: string;
  /** A name, or an assumption of the model's own. */
  readonly noise: string | NoiseAssumption;
  readonly calibration: Omit<NonNullable<ModelFile['calibration']>, 'armed'>;
}

/**
 * Writes a model's noise and calibration into config/deployment.yaml; everything else, comments too, stays as it is. An
 * `armed` that a person wrote stays. The file is replaced at once, so that nobody reads half of it.
 *
 * @param root folder that holds config/
 * @returns the file's path
 */
export function writeCalibration(root: string, { model, noise, calibration }: WrittenCalibration): string {
  const file = join(root, 'config', 'deployment.yaml');
  const document = parseDocument(existsSync(file) ? readFileSync(file, 'utf8') : '');
  const path = (key: string): string[] => ['models', model, key];
  const before = document.getIn([...path('calibration'), 'armed']);
  const armed = typeof before === 'boolean' ? { armed: before } : {};
  const blocks = document.createNode({}) as Node & { flow?: boolean };
  if (isEmptyMap(document.get('models'))) document.set('models', blocks);
  document.setIn(path('noise'), document.createNode(typeof noise === 'string' ? noise : toFile(noise)));
  document.setIn(path('calibration'), document.createNode({ ...armed, ...calibration }));
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.draft`;
  writeFileSync(draft, document.toString({ lineWidth: 120 }));
  renameSync(draft, file);
  return file;
}

/** `{}` is written in a flow, and what is put into it would be too. */
function isEmptyMap(node: unknown): boolean {
  return (
    node === undefined ||
    node === null ||
    (typeof node === 'object' && 'items' in node && (node.items as unknown[]).length === 0)
  );
}

function toFile({
  kinds,
  burstRangeLog,
  eventCapPerTick,
}: NoiseAssumption): Exclude<ModelFile['noise'], string | undefined> {
  return {
    kinds: kinds.map((kind) => ({
      fast_sd_log: kind.fastSdLog,
      burst_share: kind.burstShare,
      burst_mean_minutes: kind.burstMeanMinutes,
      burst_full_events_per_tick: kind.burstFullEventsPerTick,
    })),
    burst_range_log: burstRangeLog,
    event_cap_per_tick: eventCapPerTick,
  };
}
