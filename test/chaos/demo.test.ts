import { existsSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { OFFSETS } from '../support/offsets.ts';
import { createProject, type TestProject } from '../support/stack.ts';

interface Report {
  readonly passed: boolean;
  readonly acts: readonly { readonly title: string; readonly passed: boolean; readonly facts: readonly string[] }[];
}

describe('mlops demo', () => {
  let project: TestProject | undefined;
  afterAll(async () => await project?.remove());

  it(
    'plays every act to its end on the real stack, and leaves the receipts it names',
    { timeout: 600_000 },
    async () => {
      project = await createProject(OFFSETS.demo, null);
      const { code, stdout, stderr } = await project.mlops(['demo', '-o', 'json']);
      expect(stdout, stderr).not.toBe('');
      const report = JSON.parse(stdout) as Report;
      expect(report.acts.filter(({ passed }) => !passed)).toEqual([]);
      expect(report.acts.map(({ title }) => title)).toEqual([
        'A better release is promoted, although the worker is killed in mid-ramp',
        'A release that answers 200 but retrieves the wrong documents is rolled back',
        'A manual gate is approved by a signal from the Temporal command line',
        'An emergency rollback works while Temporal is down, and the ramp yields to it',
        'Every receipt is decided again from its file',
        'No request of a user was lost',
        'A version is registered once: the same again changes nothing, other content is refused',
        'Nobody approves what he made himself',
        'Two other people approve, and the version is in production',
        'A version whose artifact was tampered with goes nowhere',
        'An event that only claims something waits for people; one that shows it is recorded',
        'The evidence of everything so far is verified offline',
        'One changed byte of the evidence is found',
      ]);
      expect(code).toBe(0);
      // What a person saw of the new acts: the refusals themselves, and the stack back where it was.
      for (const seen of [
        'VERSION_CONFLICT',
        'an author of what is asked for may not decide about it',
        '1 more of 2 approvals wanted, of approver',
        'approved; it is approved',
        'ARTIFACT_MISMATCH',
        '"unshown":["consent_tracked","explainable"]',
        'The file is valid: every event is as it was signed.',
        'The file is NOT valid',
        'The stack starts again as dev',
      ])
        expect(stderr).toContain(seen);
      expect((await project.json<{ healthy: boolean }>(['status'])).healthy).toBe(true);
      const receipts = stdout.match(/\/[^"\s\\]+\.html/g) ?? [];
      expect(receipts).toHaveLength(3);
      expect(receipts.filter((file) => !existsSync(file))).toEqual([]);
    },
  );

  it('refuses where it could do harm', async () => {
    project ??= await createProject(OFFSETS.demo, null);
    const run = await project.mlops(['demo'], { env: { MLOPS_ENV: 'production' } });
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('not production');
  });
});
