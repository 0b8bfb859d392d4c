import { join } from 'node:path';
import type { TestProject } from './stack.ts';

interface Listed {
  readonly rollouts: readonly {
    readonly rolloutKey: string;
    readonly model: string;
    readonly outcome: string | null;
  }[];
}

/** What the verification of every receipt of a project says, by rollout; the valid ones are left out. */
export async function findInvalidReceipts(project: TestProject): Promise<string[]> {
  const { rollouts } = await project.json<Listed>(['rollout', 'list']);
  const found: string[] = [];
  for (const { rolloutKey, model, outcome } of rollouts) {
    const file = join(project.root, `receipt-${rolloutKey}.json`);
    await project.mlops(['rollout', 'receipt', '--model', model, '--key', rolloutKey, '--out', file]);
    const { code, stdout } = await project.mlops(['rollout', 'receipt', '--verify', file]);
    if (code !== 0) found.push(`${model} (${outcome}): ${stdout}`);
  }
  return found;
}
