import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { loadWorkflowBundle } from '../../workers/workflow-bundle.ts';
import { loadHistory, replayHistory } from '../support/history.ts';

const FOLDER = join(import.meta.dirname, 'histories');
const NAMES = readdirSync(FOLDER).filter((name) => existsSync(join(FOLDER, name, 'history.bin.gz')));
const WORKFLOW_ID = 'rollout/dev/rag_api';
/** Recorded by test/integration/approvals.test.ts, with RECORD_HISTORY as the folder. */
const idOf = (name: string): string => (name.startsWith('approval-') ? 'approval/recorded' : WORKFLOW_ID);

describe('histories of real workflows', () => {
  it('are those of every way a rollout can go, and of an approval', () => {
    expect(NAMES.toSorted()).toEqual([
      'a-a-completed',
      'approval-denied',
      'continued-as-new',
      'pause-step-resumed',
      'paused-and-approved',
      'promoted',
      'rolled-back',
    ]);
  });

  it.each(NAMES)('%s replays with the workflow of this checkout', async (name) => {
    const history = await loadHistory(join(FOLDER, name, 'history.bin.gz'));
    expect(history.events.length).toBeGreaterThan(50);
    await expect(replayHistory(history, idOf(name), join(FOLDER, name))).resolves.toBeUndefined();
  });

  it('replay from a bundle in the project where the shared cache cannot be written', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mlops-bundle-'));
    writeFileSync(join(folder, 'file'), '');
    vi.stubEnv('XDG_CACHE_HOME', join(folder, 'file'));
    const bundle = await loadWorkflowBundle(folder);
    vi.unstubAllEnvs();
    expect(dirname(bundle)).toBe(join(folder, 'cache'));
    expect(readFileSync(bundle, 'utf8')).toContain('looks-keep-half-a-tick-apart');
  });

  it('that a workflow would not have made are refused', async () => {
    const history = await loadHistory(join(FOLDER, 'promoted', 'history.bin.gz'));
    const scheduled = history.events.filter((event) => event.activityTaskScheduledEventAttributes?.activityType);
    const type = scheduled[3]?.activityTaskScheduledEventAttributes?.activityType;
    if (!type) throw new Error('the history has no fourth activity');
    type.name = 'somethingElse';
    await expect(replayHistory(history, WORKFLOW_ID, join(FOLDER, 'promoted'))).rejects.toThrow(/determinism/i);
  });
});
