import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MlopsError, messageOf } from '../../domain/errors.ts';
import { ownValue } from '../../domain/own-value.ts';
import { ERASED_WORDS, type Forgotten } from '../../domain/governance/custody-drafts.ts';
import type { LiveSplit, TrafficWrite } from '../../domain/rollout/split.ts';
import { writeDurably } from '../files/durable-file.ts';

/** Writes kept per model: the outside witness of what was live, and when. */
const HISTORY_LENGTH = 1000;

interface SavedState {
  readonly version: 1;
  readonly splits: Record<string, LiveSplit>;
  readonly history: Record<string, LiveSplit[]>;
}

/** The live splits of a gateway, on disk before anything is served by them. */
export interface SplitStore {
  models(): readonly string[];
  get(model: string): LiveSplit | null;
  history(model: string): readonly LiveSplit[];
  /**
   * Applies a write when it is newer than what is live, durably. The same write again returns what is live.
   *
   * @throws TRAFFIC_STALE_GENERATION, TRAFFIC_GENERATION_CONFLICT, GATEWAY_STATE_UNWRITABLE
   */
  apply(write: TrafficWrite): Promise<LiveSplit>;
  /** Takes a person's name and words out of what is live and what was, durably. Weights and generations stay. @throws GATEWAY_STATE_UNWRITABLE */
  forget(forgotten: Forgotten): Promise<void>;
}

/** Opens the store of a state directory. @throws GATEWAY_STATE_CORRUPT: a split is never guessed */
export async function openSplitStore(stateDirectory: string): Promise<SplitStore> {
  const file = join(stateDirectory, 'gateway', 'splits.json');
  await mkdir(dirname(file), { recursive: true });
  let state = await readState(file);
  let queue: Promise<unknown> = Promise.resolve();

  async function applyNow(write: TrafficWrite): Promise<LiveSplit> {
    const { model } = write.split;
    const current = ownValue(state.splits, model) ?? null;
    if (current !== null && current.generation === write.generation && current.idempotencyKey === write.idempotencyKey)
      return current;
    assertNewer(write, current);
    const { expectedGeneration: _expected, ...rest } = write;
    const live: LiveSplit = { ...rest, writtenAt: new Date().toISOString() };
    const next: SavedState = {
      version: 1,
      splits: { ...state.splits, [model]: live },
      history: { ...state.history, [model]: [...(ownValue(state.history, model) ?? []), live].slice(-HISTORY_LENGTH) },
    };
    await save(file, model, next);
    state = next;
    return live;
  }

  async function forgetNow(forgotten: Forgotten): Promise<void> {
    const clean = (live: LiveSplit): LiveSplit => withoutWords(live, forgotten);
    const next: SavedState = {
      version: 1,
      splits: Object.fromEntries(Object.entries(state.splits).map(([model, live]) => [model, clean(live)])),
      history: Object.fromEntries(Object.entries(state.history).map(([model, lives]) => [model, lives.map(clean)])),
    };
    await save(file, 'every model', next);
    state = next;
  }

  /** One at a time: two writes may not both pass the comparison. */
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return await turn;
  };

  return {
    models: () => Object.keys(state.splits),
    get: (model) => ownValue(state.splits, model) ?? null,
    history: (model) => ownValue(state.history, model) ?? [],
    apply: async (write) => await inTurn(async () => await applyNow(write)),
    forget: async (forgotten) => await inTurn(async () => await forgetNow(forgotten)),
  };
}

/** A write without what says who made it and why; who rolls back once more repeats the words of the one before. */
function withoutWords(live: LiveSplit, { subject, who }: Forgotten): LiveSplit {
  const isTheirs = who.includes(live.actor);
  if (!isTheirs && !who.some((one) => live.reason.includes(`(after ${one}: `))) return live;
  return { ...live, actor: isTheirs ? subject : live.actor, reason: ERASED_WORDS };
}

function assertNewer(write: TrafficWrite, current: LiveSplit | null): void {
  const { model } = write.split;
  const live = current?.generation ?? 0;
  if (write.expectedGeneration !== null && write.expectedGeneration !== live) {
    throw new MlopsError('TRAFFIC_GENERATION_CONFLICT', { model, expected: write.expectedGeneration, current: live });
  }
  if (write.generation <= live)
    throw new MlopsError('TRAFFIC_STALE_GENERATION', { model, generation: write.generation, current: live });
}

async function save(file: string, model: string, state: SavedState): Promise<void> {
  try {
    await writeDurably(file, JSON.stringify(state));
  } catch (error) {
    throw new MlopsError('GATEWAY_STATE_UNWRITABLE', { model, reason: messageOf(error) }, { cause: error });
  }
}

async function readState(file: string): Promise<SavedState> {
  if (!existsSync(file)) return { version: 1, splits: {}, history: {} };
  try {
    const state = JSON.parse(await readFile(file, 'utf8')) as SavedState;
    if (state.version !== 1 || typeof state.splits !== 'object' || typeof state.history !== 'object')
      throw new Error('not a state of this version');
    return state;
  } catch (error) {
    throw new MlopsError(
      'GATEWAY_STATE_CORRUPT',
      { file: 'gateway/splits.json', reason: messageOf(error) },
      { cause: error },
    );
  }
}
