import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { concludeAct, type ActResult, type Stage } from './stage.ts';

interface SeenRollout {
  /** The id of its first run. */
  readonly rolloutKey: string;
  readonly fromVersion: string;
  readonly toVersion: string;
  readonly outcome: string | null;
}

/** Writes the receipt of every rollout of the demo and decides each of them again from its file alone. */
export async function verifyReceipts(
  stage: Stage,
  folder: string,
  expected: number,
  webUiOf: (runId: string) => Promise<string>,
): Promise<ActResult> {
  await mkdir(folder, { recursive: true });
  const { rollouts } = await stage.read<{ rollouts: SeenRollout[] }>(['rollout', 'list', '--model', stage.model]);
  const claims: [string, boolean][] = [[`${rollouts.length} rollouts left a receipt`, rollouts.length === expected]];
  for (const { rolloutKey, fromVersion, toVersion, outcome } of rollouts.toReversed()) {
    const name = join(folder, `${stage.model}-${fromVersion}-${toVersion}`);
    const [json, html] = [`${name}.json`, `${name}.html`];
    const written = await stage.mlops([
      'rollout',
      'receipt',
      '--model',
      stage.model,
      '--key',
      rolloutKey,
      '--out',
      json,
      '--html',
      html,
    ]);
    const verified = await stage.mlops(['rollout', 'receipt', '--verify', json]);
    const text = verified.stdout.trim();
    stage.say(`    ${text}`);
    claims.push([
      `${fromVersion} → ${toVersion} ${outcome ?? 'open'}: ${text}\n      ${html}\n      ${await webUiOf(rolloutKey)}`,
      written.code === 0 && verified.code === 0,
    ]);
  }
  return concludeAct('Every receipt is decided again from its file', claims);
}
