import { describe, expect, it } from 'vitest';
import { renderExplanation } from '../../../client/reports/rollout-explanation.ts';
import { renderReceiptText } from '../../../client/reports/receipt-text.ts';
import { renderStatus } from '../../../client/reports/rollout-status.ts';
import type { RolloutReceipt } from '../../../domain/rollout/receipt.ts';
import { POLICY } from '../../support/judge.ts';
import { createStatus } from '../../support/statuses.ts';

const STATUS = createStatus({ noise: { text: 'assumption default, not calibrated (noisier)', armed: false } });

describe('the basis of the noise assumption', () => {
  it('is in the status and, with what it means, in the explanation', () => {
    expect(renderStatus(STATUS)).toContain('Noise:          assumption default, not calibrated (noisier)');
    const text = renderExplanation(STATUS);
    expect(text).toContain('but for errors and slowness: they freeze the weight and page');
    expect(text).toContain('Arm it with: mlops rollout calibrate --model rag_api --write');
    const armed = renderExplanation({ ...STATUS, noise: { text: 'calibrated', armed: true } });
    expect(armed).toContain('rolls back at once, whatever the window; that of slow freezes the weight and asks.');
    expect(armed).not.toContain('Arm it with');
  });

  it('is left out of what began before it was kept', () => {
    expect(renderStatus({ ...STATUS, noise: null })).not.toContain('Noise');
  });

  it('is in the receipt', () => {
    const receipt: RolloutReceipt = {
      schemaVersion: 1,
      kind: 'rollout-receipt',
      rollout: {
        rolloutKey: 'run',
        rolloutId: 'rollout/dev/rag_api',
        model: 'rag_api',
        environment: 'dev',
        fromVersion: '1.0.0',
        toVersion: '1.0.0',
        plan: {},
        policy: { ...POLICY, noiseBasis: 'assumption quiet, calibrated from recorded looks' },
        startedBy: 'ada',
        startedAt: '2026-11-01T00:00:00Z',
        engine: { program: '1', node: '24', v8: '13' },
      },
      outcome: { outcome: 'completed', reason: 'completed', detail: '', at: '2026-11-01T01:00:00Z' },
      events: [],
      writes: [],
      ticks: [],
    };
    expect(renderReceiptText(receipt)).toContain('Noise basis: assumption quiet, calibrated from recorded looks');
  });
});
