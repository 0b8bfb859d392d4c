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
      expect(report.acts).toHaveLength(6);
      expect(code).toBe(0);
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
