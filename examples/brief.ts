// The brief's examples for registry and governance, in TypeScript: `node examples/brief.ts ARTIFACT`, beside a running stack.
// Prints what became of each, a line of JSON. Nobody gets past anything: what needs an approval says which one it waits for.
import { connect } from '../client/index.ts';

const [artifact = ''] = process.argv.slice(2);
const MODEL = { model: 'rag_embeddings_v2', version: '2.1.0' };

const mlops = connect();
try {
  const registered = await mlops.registry.registerModel({
    ...MODEL,
    type: 'embedding',
    metadata: { dimension: 384, distance: 'cosine', tokenizer: 'wordpiece' },
    metrics: { embedding_latency_ms: 12.3, recall_at_5: 0.89, cosine_similarity_avg: 0.847 },
    // Wanted there; it stays in development until every step and approval is there. Who registers it is who runs this program.
    stage: 'production',
    approvalRequired: true,
    artifact,
  });
  const { requestedStage, stage } = registered.version;
  print('registerModel', { isNew: registered.isNew, stage, requestedStage });

  const promoted = await mlops.registry.promoteModel({ ...MODEL, to: 'staging', reason: 'recall is up' });
  print('promoteModel', { stage: promoted.version.stage, approvalId: promoted.awaiting?.approvalId ?? null });

  const recorded = await mlops.governance.recordEvent({
    eventType: 'model_deployment',
    resourceId: 'rag-api-v2.1.0',
    action: 'deploy_production',
    complianceFrameworks: ['gdpr', 'soc2'],
    approvalRequired: true,
    // Claims: nothing here shows that they are true.
    metadata: { explainable: true, consent_tracked: true },
  });
  print('recordEvent', recorded);
} finally {
  await mlops.close();
}

function print(call: string, outcome: object): void {
  process.stdout.write(`${JSON.stringify({ call, ...outcome })}\n`);
}
