// Runs as a thread (chunk-work.ts): answers what it is asked, in order, until it is ended.
import { parentPort } from 'node:worker_threads';
import { createAnswerer, type Asked } from './chunk-work.ts';

const answer = createAnswerer();
parentPort?.on('message', (asked: Asked) => parentPort?.postMessage(answer(asked)));
