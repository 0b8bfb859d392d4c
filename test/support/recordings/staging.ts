// A stack in staging, where versions need approvals and nothing has to be signed, with people and versions.
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { openStudio, type Studio } from './studio.ts';

const PEOPLE = [
  ['author', 'approver', 'engineer'],
  ['engineer', 'engineer'],
  ['ann', 'approver'],
  ['bob', 'approver'],
  ['deputy', 'reviewer'],
] as const;

export const STAGING = 'staging';

export interface StagingStudio extends Studio {
  /** A version that its author has registered and the engineer wants in production; says which approval that waits for. */
  readonly request: (model: string) => Promise<string>;
}

/** @param more content of files, and variables of the stack */
export async function openStaging(
  more: { readonly governance?: string; readonly receiver?: string; readonly env?: Record<string, string> } = {},
): Promise<StagingStudio> {
  const { env = {}, governance = '', receiver } = more;
  const webhooks = receiver === undefined ? '' : `{ url: '${receiver}', secret_file: webhook-secret, events: all }`;
  const studio = await openStudio({
    deployment: `notifications: { webhooks: [${webhooks}] }\n`,
    files: { 'config/governance.yaml': governance, 'webhook-secret': 'shared' },
    env: { ...env, MLOPS_ENV: STAGING },
  });
  const { as, project } = studio;
  for (const [name, ...roles] of PEOPLE)
    await as(null, 'identity', 'create', name, ...roles.flatMap((role) => ['--role', role]));
  return {
    ...studio,
    request: async (model) => {
      const artifact = join(project.root, `${model}.bin`);
      await writeFile(artifact, `weights of ${model}`);
      const typed = `--type reranker --metadata tokenizer=bert --metadata max_input_tokens=512 --metric recall_at_5=0.89`;
      await as('author', ...`model register ${model} 1.0.0 ${typed} --artifact ${artifact}`.split(' '));
      await as('engineer', 'model', 'promote', model, '1.0.0');
      const { stdout } = await as('engineer', 'model', 'promote', model, '1.0.0', '-o', 'json');
      return (JSON.parse(stdout) as { awaiting: { approvalId: string } }).awaiting.approvalId;
    },
  };
}
