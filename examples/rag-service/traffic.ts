// Users of the service: `node traffic.ts --gateway URL [--model rag_api] [--rate 60] [--users 5000] [--seconds 0]
// [--feedback-seconds 2]`. Arrivals are open-loop: a slow answer does not hold the next request back. A user who looked
// at an answer says some seconds later whether it held what was looked for. Ends on SIGTERM or after --seconds, and
// prints what was seen as one line of JSON.
import { Agent, setGlobalDispatcher } from 'undici';
import { parseArgs } from 'node:util';
import { loadIndex } from './load-index.ts';

interface Seen {
  requests: number;
  lost: number;
  feedback: number;
  status: Record<string, number>;
  arms: Record<string, number>;
}

const { values } = parseArgs({
  options: {
    gateway: { type: 'string', default: 'http://127.0.0.1:8080' },
    model: { type: 'string', default: 'rag_api' },
    rate: { type: 'string', default: '60' },
    users: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '0' },
    'feedback-seconds': { type: 'string', default: '2' },
  },
});
const K = 5;
const FEEDBACK_BATCH_MS = 500;
const REQUEST_TIMEOUT_MS = 30_000;

setGlobalDispatcher(new Agent({ connections: 256, pipelining: 1 }));
const queries = (await loadIndex()).corpus.test;
const seen: Seen = { requests: 0, lost: 0, feedback: 0, status: {}, arms: {} };
const pending = new Set<Promise<void>>();
const opinions: { requestId: string; score: number; atMs: number }[] = [];
const stopped = new AbortController();

process.stdout.write(`${JSON.stringify({ started: true, queries: queries.length })}\n`);
process.once('SIGTERM', () => stopped.abort());
process.once('SIGINT', () => stopped.abort());
if (Number(values.seconds) > 0) setTimeout(() => stopped.abort(), Number(values.seconds) * 1000);

await Promise.all([sendRequests(), sendFeedback()]);
await Promise.allSettled(pending);
process.stdout.write(`${JSON.stringify(seen)}\n`);
process.exit(0);

/** Poisson arrivals: gaps between requests are exponential. */
async function sendRequests(): Promise<void> {
  const rate = Number(values.rate);
  let due = performance.now();
  while (!stopped.signal.aborted) {
    while (due <= performance.now()) {
      const one = ask(seen.requests);
      seen.requests += 1;
      pending.add(one);
      void one.finally(() => pending.delete(one));
      due += (-Math.log(1 - Math.random()) / rate) * 1000;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(1, due - performance.now())));
  }
}

async function ask(number: number): Promise<void> {
  const labelled = queries[number % queries.length];
  if (!labelled) return;
  const user = `user-${Math.floor(Math.random() * Number(values.users))}`;
  try {
    const answer = await fetch(`${values.gateway}/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-mlops-model': values.model, 'x-user-id': user },
      body: JSON.stringify({ query: labelled.query, k: K }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const body = (await answer.json()) as { results?: { id: string }[] };
    count(answer.status, answer.headers.get('x-mlops-arm') ?? 'none');
    const requestId = answer.headers.get('x-mlops-request-id');
    if (answer.status !== 200 || requestId === null) return;
    const score = body.results?.some((result) => result.id === labelled.relevantId) ? 1 : 0;
    const waitMs = Number(values['feedback-seconds']) * 1000 * (0.5 + Math.random());
    opinions.push({ requestId, score, atMs: performance.now() + waitMs });
  } catch {
    seen.lost += 1;
  }
}

function count(status: number, arm: string): void {
  seen.status[status] = (seen.status[status] ?? 0) + 1;
  seen.arms[arm] = (seen.arms[arm] ?? 0) + 1;
}

async function sendFeedback(): Promise<void> {
  while (!stopped.signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, FEEDBACK_BATCH_MS));
    const now = performance.now();
    const due = opinions.filter((opinion) => opinion.atMs <= now);
    if (due.length === 0) continue;
    opinions.splice(0, opinions.length, ...opinions.filter((opinion) => opinion.atMs > now));
    await post(due.map(({ requestId, score }) => ({ requestId, score })));
  }
}

/** A gateway that is away takes no opinions; they are gone, as a user's would be. */
async function post(batch: readonly { requestId: string; score: number }[]): Promise<void> {
  try {
    const answer = await fetch(`${values.gateway}/-/feedback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(batch),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    await answer.arrayBuffer();
    if (answer.ok) seen.feedback += batch.length;
  } catch {
    return;
  }
}
