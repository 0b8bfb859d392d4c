import { isMlopsError, MlopsError, messageOf } from '../../domain/errors.ts';
import { isAlive, readLivePid } from './pid-file.ts';
import { logFileOf, pause, pidFileOf, startPart, stopPart, type Part } from './part.ts';

export interface SupervisorOptions {
  readonly stateDirectory: string;
  readonly workingDirectory: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const WATCH_MS = 250;
const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 5000;
/** A part that ran this long starts with a fresh back-off. */
const STEADY_MS = 60_000;
const READY_MS = 60_000;

/**
 * Starts parts in stages (those of one stage side by side), keeps them running with a growing pause between restarts,
 * and stops them in reverse order when told to. A part that runs already is adopted.
 */
export async function supervise(stages: readonly (readonly Part[])[], options: SupervisorOptions): Promise<void> {
  const watchers: Promise<void>[] = [];
  for (const stage of stages) {
    if (options.signal.aborted) break;
    await Promise.all(stage.map(async (part) => await startUnlessThere(part, options)));
    await Promise.all(stage.map(async (part) => await waitUntilReady(part, options)));
    for (const part of stage) watchers.push(watch(part, options));
  }
  await Promise.all(watchers);
  await stopAll(stages.flat(), options.stateDirectory, options.say);
}

/** Stops parts in reverse order of their start; returns the names of those that ran. */
export async function stopAll(
  parts: readonly Part[],
  stateDirectory: string,
  say: (line: string) => void,
): Promise<string[]> {
  const stopped: string[] = [];
  for (const part of parts.toReversed()) {
    if (!(await stopPart(part, stateDirectory))) continue;
    say(`${part.name}: stopped`);
    stopped.push(part.name);
  }
  return stopped;
}

async function startUnlessThere(part: Part, options: SupervisorOptions): Promise<void> {
  const pid = await readLivePid(pidFileOf(options.stateDirectory, part.name));
  if (pid !== null) return options.say(`${part.name}: runs already (pid ${pid})`);
  const started = await startPart(part, options.stateDirectory, options.workingDirectory);
  options.say(`${part.name}: started (pid ${started})`);
}

async function waitUntilReady(part: Part, { stateDirectory, say, signal }: SupervisorOptions): Promise<void> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    try {
      await part.probe();
      return say(`${part.name}: ready`);
    } catch (error) {
      if (signal.aborted) return;
      if (isMlopsError(error) && !error.retryable) throw error;
      const reason = messageOf(error);
      if (Date.now() > deadline)
        throw new MlopsError('PART_NOT_READY', {
          part: part.name,
          seconds: READY_MS / 1000,
          reason,
          log: logFileOf(stateDirectory, part.name),
        });
    }
    await pause(WATCH_MS);
  }
}

/** Starts a part again whenever its process is gone. */
async function watch(part: Part, options: SupervisorOptions): Promise<void> {
  const { stateDirectory, workingDirectory, say, signal } = options;
  let backoffMs = FIRST_BACKOFF_MS;
  let startedAt = Date.now();
  let pid = await readLivePid(pidFileOf(stateDirectory, part.name));
  while (!signal.aborted) {
    await pause(WATCH_MS);
    if (signal.aborted || (pid !== null && isAlive(pid))) continue;
    if (Date.now() - startedAt > STEADY_MS) backoffMs = FIRST_BACKOFF_MS;
    say(`${part.name}: is gone; starting again in ${backoffMs} ms`);
    await pause(backoffMs);
    // Jitter, so that parts that fell together do not come back in step.
    backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS) * (0.75 + Math.random() / 2);
    if (signal.aborted) return;
    startedAt = Date.now();
    pid = await startPart(part, stateDirectory, workingDirectory).catch((error: unknown) => {
      say(`${part.name}: cannot be started: ${messageOf(error)}`);
      return null;
    });
  }
}
