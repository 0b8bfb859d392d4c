// Runs as a thread (noise-assessor.ts): answers once, and ends.
import { parentPort, workerData } from 'node:worker_threads';
import { assessNoise } from '../../domain/rollout/calibration/noise-basis.ts';
import type { Asked } from './noise-assessor.ts';

parentPort?.postMessage(assessNoise(...(workerData as Asked)));
