// The brief's canary deployment, in TypeScript: `node examples/brief-rollout.ts NEW NEW_URL CURRENT CURRENT_URL PROFILE`, beside a
// running stack whose users ask for rag_api. Prints what was started, and how it ended, a line of JSON each.
//
// The brief's figures are settings of config/deployment.yaml, so that a rollout cannot be started with laxer ones:
//   profiles: { brief: { initial_percentage: 5.0, max_percentage: 50.0, auto_rollback: true } }
//   judge: { max_error_rate: 0.03 }
import { connect } from '../client/index.ts';

const [newVersion = '', canaryEndpoint = '', currentVersion = '', currentEndpoint = '', profile = 'default'] =
  process.argv.slice(2);

const mlops = connect();
try {
  const started = await mlops.rollouts.start({
    model: 'rag_api',
    toVersion: newVersion,
    fromVersion: currentVersion,
    endpoints: { [newVersion]: canaryEndpoint, [currentVersion]: currentEndpoint },
    profile,
    gates: [],
    actor: 'ci',
    reason: 'the canary deployment of the brief',
  });
  print('start', started);

  const result = await mlops.rollouts.result('rag_api');
  print('result', {
    outcome: result?.outcome,
    reason: result?.reason,
    weights: weightsOf(result?.status.timeline ?? []),
  });
} finally {
  await mlops.close();
}

/** The shares of the users that the new version had, in percent. */
function weightsOf(timeline: readonly { readonly weightPercent?: number | null; readonly event: string }[]): unknown[] {
  return timeline.filter(({ event }) => event === 'weight-set').map(({ weightPercent }) => weightPercent);
}

function print(call: string, outcome: object): void {
  process.stdout.write(`${JSON.stringify({ call, ...outcome })}\n`);
}
