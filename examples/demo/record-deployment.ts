// The brief's `record_event` in TypeScript: `node record-deployment.ts RESOURCE [DIGEST]`, beside a running stack. Prints what became
// of it, a line of JSON. Without the digest of a registered artifact it claims what nothing shows.
import { connect } from '../../client/index.ts';

const [resourceId = '', digest] = process.argv.slice(2);
const claims = { explainable: true, consent_tracked: true };

const mlops = connect();
try {
  const recorded = await mlops.governance.recordEvent({
    eventType: 'model_deployment',
    resourceId,
    action: 'deploy_production',
    complianceFrameworks: ['gdpr', 'soc2'],
    ...(digest === undefined
      ? { approvalRequired: true, metadata: claims }
      : { metadata: { artifact_verified: true }, evidence: { artifact_verified: `sha256:${digest}` } }),
  });
  process.stdout.write(`${JSON.stringify(recorded)}\n`);
} finally {
  await mlops.close();
}
