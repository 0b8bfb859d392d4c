import type { MlopsConfig } from '../../config/schema.ts';
import type { Examples, RunningExample } from '../examples-port.ts';
import { playActs, type ActResult } from './act.ts';
import { FIND_TAMPERING, PEND_CLAIMS, VERIFY_OFFLINE } from './evidence-acts.ts';
import { verifyReceipts } from './receipts.ts';
import { BLOCK_TAMPERED, PROMOTE_BY_TWO, REFUSE_OWN_APPROVAL, REGISTER_TWICE } from './registry-acts.ts';
import { ENVIRONMENT, enterRegistry } from './registry-stage.ts';
import {
  APPROVE_BY_SIGNAL,
  LOSE_NO_REQUEST,
  PROMOTE_THROUGH_CRASH,
  ROLL_BACK_ON_QUALITY,
  ROLL_BACK_WITHOUT_TEMPORAL,
  type RolloutStage,
} from './rollout-acts.ts';
import { createStage, type Stage } from './stage.ts';

/** What the demo is made of; each can be played alone. */
export const PARTS = ['rollouts', 'registry'] as const;
export type DemoPart = (typeof PARTS)[number];

export interface DemoReport {
  readonly model: string;
  readonly passed: boolean;
  readonly acts: readonly ActResult[];
  readonly seconds: number;
}

interface Io {
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  readonly webUiOf: (runId: string) => Promise<string>;
}

const RELEASES = ['1.0.0', '1.1.0', '1.1.1', '1.2.2'];
const REQUESTS_PER_SECOND = 40;
const ROLLOUTS = 3;

/**
 * Plays the demo on the local stack, which must be up: real releases, real traffic, real crashes. Acts stop at the
 * first that throws or when the signal fires; releases and traffic are ended in any case.
 *
 * @param model must never have been rolled out or registered before; ends with `_` and a number
 */
export async function playDemo(
  config: MlopsConfig,
  examples: Examples,
  model: string,
  parts: readonly DemoPart[],
  io: Io,
): Promise<DemoReport> {
  const started = Date.now();
  const acts: ActResult[] = [];
  const stage = createStage(config, examples, model, io.say);
  if (parts.includes('rollouts')) await playRollouts(stage, config.gateway.url, acts, io);
  if (parts.includes('registry') && !io.signal.aborted) await playRegistry(stage, acts, io);
  const seconds = Math.round((Date.now() - started) / 1000);
  return { model, acts, seconds, passed: !io.signal.aborted && acts.every(({ passed }) => passed) };
}

async function playRollouts(stage: Stage, gateway: string, results: ActResult[], io: Io): Promise<void> {
  const running: RunningExample[] = [];
  try {
    const acts = [
      PROMOTE_THROUGH_CRASH,
      ROLL_BACK_ON_QUALITY,
      APPROVE_BY_SIGNAL,
      ROLL_BACK_WITHOUT_TEMPORAL,
      verifyReceipts(ROLLOUTS, io.webUiOf),
      LOSE_NO_REQUEST,
    ];
    await playActs(await startReleases(stage, gateway, running), acts, results, io.signal);
  } finally {
    await Promise.all(running.map(async (program) => await program.stop()));
  }
}

async function startReleases(stage: Stage, gateway: string, running: RunningExample[]): Promise<RolloutStage> {
  const { examples, model, say } = stage;
  say(`Starting releases ${RELEASES.join(', ')} of examples/rag-service (the first time their index is built: 10 s)`);
  const endpoints: string[] = [];
  for (const version of RELEASES) {
    const release = await examples.startRelease(version);
    running.push(release);
    endpoints.push(`${version}=${String(release.ready['address'])}`);
  }
  say(`Starting traffic: ${REQUESTS_PER_SECOND} labelled queries a second through ${gateway}`);
  const traffic = await examples.startTraffic({ gateway, model, perSecond: REQUESTS_PER_SECOND });
  running.push(traffic);
  return { ...stage, endpoints, traffic };
}

/** In an environment with stricter rules, and back: a stack serves one. */
async function playRegistry(stage: Stage, results: ActResult[], { say, signal }: Io): Promise<void> {
  const registry = enterRegistry(stage);
  say(`\nThe stack starts again as ${ENVIRONMENT}: there a promotion into production needs two people, in dev one.`);
  say('What follows is typed after:');
  say(`  $ export MLOPS_ENV=${ENVIRONMENT}`);
  try {
    await registry.mlops(['down']);
    await registry.mlops(['up', '--detach'], { showsOutput: false });
    await playActs(
      registry,
      [
        REGISTER_TWICE,
        REFUSE_OWN_APPROVAL,
        PROMOTE_BY_TWO,
        BLOCK_TAMPERED,
        PEND_CLAIMS,
        VERIFY_OFFLINE,
        FIND_TAMPERING,
      ],
      results,
      signal,
    );
  } finally {
    await returnFrom(stage, signal);
  }
}

/** Whoever interrupts does not wait for a start; a stack that is stopped starts as what is wanted then. */
async function returnFrom(stage: Stage, signal: AbortSignal): Promise<void> {
  stage.say(`\nThe stack ${signal.aborted ? 'is stopped' : `starts again as ${stage.environment}`}`);
  await stage.mlops(['down']);
  if (!signal.aborted) await stage.mlops(['up', '--detach']);
}
