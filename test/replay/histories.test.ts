import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { loadWorkflowBundle } from '../../workers/workflow-bundle.ts';
import * as workflows from '../../workflows/index.ts';
import { loadHistory, replayHistory, startOf } from '../support/history.ts';
import { readWords } from '../support/recordings/anonymise.ts';

const FOLDER = join(import.meta.dirname, 'histories');
const NAMES = readdirSync(FOLDER).filter((name) => existsSync(join(FOLDER, name, 'history.bin.gz')));
const folderOf = (name: string): string => join(FOLDER, name);
const load = async (name: string) => await loadHistory(join(folderOf(name), 'history.bin.gz'));

describe('histories of real workflows', () => {
  it('are those of every way a rollout can go, of every way an approval can end, and of whatever serves them', () => {
    expect(NAMES.toSorted()).toEqual([
      'a-a-completed',
      'access-watch',
      'approval-carried-out',
      'approval-denied',
      'approval-expired',
      'approval-of-a-gate',
      'approval-refused-and-denied',
      'approval-voided',
      'continued-as-new',
      'hand-over-delegation',
      'hand-over-link',
      'notification',
      'own-key',
      'pause-step-resumed',
      'paused-and-approved',
      'promoted',
      'promoted-in-production',
      'registry-source',
      'rolled-back',
      'traffic-guard',
      'webhook-dropped',
      'webhook-passes-its-turn',
      'webhook-waits-its-turn',
    ]);
  });

  it('are there of every type of workflow', async () => {
    const types = await Promise.all(NAMES.map(async (name) => startOf(await load(name)).type));
    const missing = Object.keys(workflows).filter((type) => !types.includes(type));
    expect(missing, 'have test/support/record-histories.ts record one of each').toEqual([]);
  });

  it.each(NAMES)('%s replays with the workflow of this checkout', async (name) => {
    const history = await load(name);
    expect(history.events.length).toBeGreaterThan(10);
    await expect(replayHistory(history, startOf(history).workflowId, folderOf(name))).resolves.toBeUndefined();
  });

  it.each(NAMES)('%s says nothing of the machine that it was recorded on', async (name) => {
    const words = await readWords(await load(name), folderOf(name));
    expect(words.length).toBeGreaterThan(10);
    const told =
      /(?<![\w./])\/(?:home|opt|private|root|tmp|Users|usr|var|work)\/|file:|\d@(?!host\b)|"host":"(?!host")/;
    expect(words.filter((text) => told.test(text))).toEqual([]);
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
    const history = await load('promoted');
    const scheduled = history.events.filter((event) => event.activityTaskScheduledEventAttributes?.activityType);
    const type = scheduled[3]?.activityTaskScheduledEventAttributes?.activityType;
    if (!type) throw new Error('the history has no fourth activity');
    type.name = 'somethingElse';
    await expect(replayHistory(history, startOf(history).workflowId, folderOf('promoted'))).rejects.toThrow(
      /determinism/i,
    );
  });
});
