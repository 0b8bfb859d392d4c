// The brief's canary deployment, in TypeScript: `node examples/brief-rollout.ts NEW NEW_URL CURRENT CURRENT_URL PROFILE`, beside a
// running stack whose users ask for rag_api. Prints what was started, and how it ended, a line of JSON each.
//
// The brief's figures are settings of config/deployment.yaml, so that a rollout cannot be started with laxer ones:
//   profiles: { brief: { initial_percentage: 5.0, max_percentage: 50.0, auto_rollback: true } }
//   judge: { max_error_rate: 0.03 }
import { CanaryDeploymentController } from '../client/index.ts';

const [newVersion = '', canaryEndpoint = '', currentVersion = '', currentEndpoint = '', profile = 'default'] =
  process.argv.slice(2);

const controller = new CanaryDeploymentController(
  {
    modelName: 'rag_api',
    newVersion,
    currentVersion,
    initialCanaryPercentage: 5,
    maxCanaryPercentage: 50,
    maxErrorRateThreshold: 0.03,
    autoRollbackEnabled: true,
    profile,
    reason: 'the canary deployment of the brief',
  },
  canaryEndpoint,
  currentEndpoint,
);
const { ended, started } = await controller.startCanaryDeployment();
print('start', started);
print('result', {
  outcome: ended?.outcome,
  reason: ended?.reason,
  weights: weightsOf(ended?.status.timeline ?? []),
});

/** The shares of the users that the new version had, in percent. */
function weightsOf(timeline: readonly { readonly weightPercent?: number | null; readonly event: string }[]): unknown[] {
  return timeline.filter(({ event }) => event === 'weight-set').map(({ weightPercent }) => weightPercent);
}

function print(call: string, outcome: object): void {
  process.stdout.write(`${JSON.stringify({ call, ...outcome })}\n`);
}
