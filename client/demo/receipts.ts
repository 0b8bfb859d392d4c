import { join } from 'node:path';
import type { Act, Claim } from './act.ts';
import type { Stage } from './stage.ts';

interface SeenRollout {
  /** The id of its first run. */
  readonly rolloutKey: string;
  readonly fromVersion: string;
  readonly toVersion: string;
  readonly outcome: string | null;
}

/** Writes the receipt of every rollout of the demo and decides each of them again from its file alone. */
export function verifyReceipts(expected: number, webUiOf: (runId: string) => Promise<string>): Act {
  return {
    title: 'Every receipt is decided again from its file',
    about: ['A receipt has every look and every verdict: whoever has the file can judge again, with no server.'],
    async play(stage) {
      const { rollouts } = await stage.read<{ rollouts: SeenRollout[] }>(['rollout', 'list', '--model', stage.model]);
      const claims: Claim[] = [[`${rollouts.length} rollouts left a receipt`, rollouts.length === expected]];
      for (const rollout of rollouts.toReversed()) claims.push(await verifyReceipt(stage, rollout, webUiOf));
      return claims;
    },
  };
}

async function verifyReceipt(
  stage: Stage,
  { fromVersion, outcome, rolloutKey, toVersion }: SeenRollout,
  webUiOf: (runId: string) => Promise<string>,
): Promise<Claim> {
  const name = join(stage.folder, `receipt-${fromVersion}-${toVersion}`);
  const [json, html] = [`${name}.json`, `${name}.html`];
  const receipt = ['rollout', 'receipt'];
  const written = await stage.mlops([
    ...receipt,
    '--model',
    stage.model,
    '--key',
    rolloutKey,
    '--out',
    json,
    '--html',
    html,
  ]);
  const verified = await stage.mlops([...receipt, '--verify', json], { showsOutput: true });
  return [
    `${fromVersion} → ${toVersion} ${outcome ?? 'open'}: ${verified.stdout.trim()}\n      ${html}\n      ${await webUiOf(rolloutKey)}`,
    written.code === 0 && verified.code === 0,
  ];
}
