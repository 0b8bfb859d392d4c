import { join } from 'node:path';
import type { MlopsConfig } from '../../config/schema.ts';
import type { Examples, RunningExample } from '../examples-port.ts';
import { approveBySignal, promoteThroughCrash, rollBackOnQuality, rollBackWithoutTemporal } from './acts.ts';
import { verifyReceipts } from './receipts.ts';
import { concludeAct, createStage, type ActResult, type Stage } from './stage.ts';

export interface DemoReport {
  readonly model: string;
  readonly passed: boolean;
  readonly acts: readonly ActResult[];
  readonly seconds: number;
}

const RELEASES = ['1.0.0', '1.1.0', '1.1.1', '1.2.2'];
const REQUESTS_PER_SECOND = 40;

/**
 * Plays the demo on the local stack, which must be up: real releases, real traffic, real crashes. Acts stop at the
 * first that throws or when the signal fires; releases and traffic are ended in any case.
 *
 * @param model must never have been rolled out before
 */
export async function playDemo(
  config: MlopsConfig,
  examples: Examples,
  model: string,
  io: {
    readonly say: (line: string) => void;
    readonly signal: AbortSignal;
    readonly webUiOf: (runId: string) => Promise<string>;
  },
): Promise<DemoReport> {
  const started = Date.now();
  const running: RunningExample[] = [];
  const acts: ActResult[] = [];
  try {
    const stage = await setStage(config, examples, model, io.say, running);
    for (const play of [promoteThroughCrash, rollBackOnQuality, approveBySignal, rollBackWithoutTemporal]) {
      if (io.signal.aborted) break;
      io.say(`\nAct ${acts.length + 1}`);
      acts.push(await play(stage));
    }
    if (!io.signal.aborted) {
      io.say(`\nAct ${acts.length + 1}`);
      acts.push(await verifyReceipts(stage, join(config.stateDirectory, 'demo'), 3, io.webUiOf));
      acts.push(await endTraffic(running));
    }
  } finally {
    await Promise.all(running.map(async (program) => await program.stop()));
  }
  const seconds = Math.round((Date.now() - started) / 1000);
  return { model, acts, seconds, passed: !io.signal.aborted && acts.every(({ passed }) => passed) };
}

async function setStage(
  config: MlopsConfig,
  examples: Examples,
  model: string,
  say: (line: string) => void,
  running: RunningExample[],
): Promise<Stage> {
  say(`Starting releases ${RELEASES.join(', ')} of examples/rag-service (the first time their index is built: 10 s)`);
  const endpoints: string[] = [];
  for (const version of RELEASES) {
    const release = await examples.startRelease(version);
    running.push(release);
    endpoints.push(`${version}=${String(release.ready['address'])}`);
  }
  const gateway = config.gateway.url;
  say(`Starting traffic: ${REQUESTS_PER_SECOND} labelled queries a second through ${gateway}`);
  running.push(await examples.startTraffic({ gateway, model, perSecond: REQUESTS_PER_SECOND }));
  return createStage(config, examples, model, endpoints, say);
}

/** Users may see what a bad release answered, but never a gateway without an answer. */
async function endTraffic(running: readonly RunningExample[]): Promise<ActResult> {
  const seen = (await running.at(-1)?.stop()) as Seen | null | undefined;
  const status = seen?.status ?? {};
  const broken = Object.entries(status).filter(([code]) => Number(code) >= 500);
  const unrouted = status['404'] ?? 0;
  return concludeAct('No request of a user was lost', [
    [`${seen?.requests ?? 0} requests were sent, ${seen?.lost ?? 0} were lost`, seen?.lost === 0],
    [`answers by status: ${JSON.stringify(status)} (404: before the first rollout)`, broken.length === 0],
    [`${unrouted} came before there was a split`, unrouted < (seen?.requests ?? 0) / 4],
  ]);
}

interface Seen {
  readonly requests: number;
  readonly lost: number;
  readonly status: Readonly<Record<string, number>>;
}
