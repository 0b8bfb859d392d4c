import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Act } from './act.ts';
import { readVersion, type RegistryStage } from './registry-stage.ts';
import type { Stage } from './stage.ts';

/** The brief's `record_event` says `explainable: true`, `consent_tracked: true`, and nothing shows it. */
export const PEND_CLAIMS: Act<RegistryStage> = {
  title: 'An event that only claims something waits for people; one that shows it is recorded',
  about: [
    'A program reports a deployment with "explainable: true" and "consent_tracked: true", as in the brief. Nothing shows',
    'that, so it pends. The same report with the digest of a registered artifact as evidence is in the ledger at once.',
  ],
  async play(stage) {
    const { author, environment, model } = stage;
    const resource = `${model}@1.0.0`;
    const recorded = async (): Promise<number> =>
      (
        await stage.read<{ events: unknown[] }>([
          'audit',
          'query',
          '--type',
          'recorded.deploy_production',
          '--resource',
          resource,
        ])
      ).events.length;
    const record = async (...args: string[]): Promise<Recording> => {
      stage.say(
        `  $ MLOPS_IDENTITY=${author} node examples/demo/record-deployment.ts ${[resource, ...args].join(' ')}`,
      );
      const env = { MLOPS_ENV: environment, MLOPS_IDENTITY: author };
      const { stderr, stdout } = await stage.examples.recordDeployment([resource, ...args], env);
      stage.say(`    ${stdout.trim() || stderr.trim()}`);
      return JSON.parse(stdout || '{}') as Recording;
    };
    const claimed = await record();
    const after = await recorded();
    const { artifact } = await readVersion(stage, '1.0.0');
    const shown = await record(artifact.digest);
    return [
      [
        `claims wait for ${claimed.approvalId ?? 'nobody'}`,
        claimed.state === 'pending' && claimed.approvalId !== undefined,
      ],
      [
        `what is not shown: ${(claimed.unshown ?? []).join(', ')}`,
        ['consent_tracked', 'explainable'].every((claim) => claimed.unshown?.includes(claim)),
      ],
      [`the ledger has ${after} events of them`, after === 0],
      [`with evidence it is ${shown.state}`, shown.state === 'recorded' && (await recorded()) === 1],
    ];
  },
};

interface Recording {
  readonly state?: 'recorded' | 'pending';
  readonly approvalId?: string;
  readonly unshown?: readonly string[];
}

/** Everything that happened is in one file, and everything that could help to check it is stopped. */
export const VERIFY_OFFLINE: Act = {
  title: 'The evidence of everything so far is verified offline',
  about: [
    'The ledger is written to one file; then database, server and workers are stopped. The file and the keys that are',
    'trusted are enough to check every event of it.',
  ],
  async play(stage) {
    const exported = await stage.mlops(['audit', 'export', '--out', exportOf(stage)], { showsOutput: true });
    const stopped = await stage.mlops(['down'], { showsOutput: true });
    const verified = await verify(stage, exportOf(stage));
    const events = /^Events +(\d+)/m.exec(verified.stdout)?.[1] ?? '0';
    return [
      [`the ledger was exported (exit ${exported.code})`, exported.code === 0],
      [`the stack was stopped (exit ${stopped.code})`, stopped.code === 0],
      [`${events} events are as they were signed (exit ${verified.code})`, verified.code === 0 && Number(events) > 0],
    ];
  },
};

/** The copy is as long as the file, and differs in one bit. */
export const FIND_TAMPERING: Act = {
  title: 'One changed byte of the evidence is found',
  about: ['One bit in the middle of a copy of that file is flipped, and the copy is verified.'],
  async play(stage) {
    const bytes = await readFile(exportOf(stage));
    const at = Math.floor(bytes.length / 2);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const copy = exportOf(stage).replace(/\.jsonl$/, '-tampered.jsonl');
    await writeFile(copy, bytes);
    stage.say(`  >>> one bit of byte ${at} of ${bytes.length} is flipped in ${copy}`);
    const found = await verify(stage, copy);
    return [
      [
        `the change was found (exit ${found.code}): ${found.stdout.trim().split('\n').at(-1) ?? ''}`,
        found.code === 3 && found.stdout.includes('is NOT valid'),
      ],
    ];
  },
};

function exportOf({ folder }: Stage): string {
  return join(folder, 'ledger.jsonl');
}

async function verify(stage: Stage, file: string) {
  return await stage.mlops(['audit', 'verify', '--file', file], { showsOutput: true });
}
