import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Document, isMap, isNode, isScalar, parseDocument, type YAMLMap } from 'yaml';
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
 * Writes a model's noise and calibration into config/deployment.yaml. What is not under `models` stays byte for byte, and
 * comments there stay too, as does an `armed` that a person wrote. The file is replaced at once, so that nobody reads
 * half of it.
 *
 * @param root folder that holds config/
 * @returns the file's path
 */
export function writeCalibration(root: string, { model, noise, calibration }: WrittenCalibration): string {
  const file = join(root, 'config', 'deployment.yaml');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const document = parseDocument(text);
  const range = rangeOfModels(document.contents);
  const section = new Document({});
  section.set('models', document.get('models') ?? section.createNode({}));
  const models = section.get('models') as YAMLMap;
  // An empty `{}` is written in a flow, and what is put into it would be too.
  if (models.items.length === 0) models.flow = false;
  const armed = models.getIn([model, 'calibration', 'armed']);
  const kept = typeof armed === 'boolean' ? { armed } : {};
  section.setIn(['models', model, 'noise'], section.createNode(typeof noise === 'string' ? noise : toFile(noise)));
  section.setIn(['models', model, 'calibration'], section.createNode({ ...kept, ...calibration }));
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.draft`;
  writeFileSync(draft, splice(text, range, section.toString({ lineWidth: 120 })));
  renameSync(draft, file);
  return file;
}

/** Where `models` stands in the text, key and value; null when it does not. */
function rangeOfModels(contents: unknown): readonly [start: number, end: number] | null {
  if (!isMap(contents)) return null;
  const pair = contents.items.find(({ key }) => isScalar(key) && key.value === 'models');
  if (pair === undefined || !isScalar(pair.key) || !pair.key.range) return null;
  const [start, keyEnd] = pair.key.range;
  const value = isNode(pair.value) ? pair.value.range : null;
  return [start, value?.[1] ?? keyEnd + 1];
}

/** In place of what is there, or at the end. */
function splice(text: string, range: readonly [number, number] | null, section: string): string {
  if (range === null) return text === '' || text.endsWith('\n') ? text + section : `${text}\n${section}`;
  const [start, end] = range;
  const after = /\s*$/.exec(text.slice(start, end))?.[0] ?? '';
  return text.slice(0, start) + section.trimEnd() + after + text.slice(end);
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
