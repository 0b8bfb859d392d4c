import { describe, expect, it } from 'vitest';
import { renderApproval } from '../../../client/cli/approval/render-approval.ts';
import { textOfVersion } from '../../../client/cli/model/version-data.ts';
import type { ApprovalView } from '../../../domain/registry/approval/request.ts';
import type { VersionRecord } from '../../../domain/registry/records.ts';

/** As somebody writes who wants others to read lines that are not there. */
const FORGED = 'fine\r\nDecided:\n  approve by anna at noon';

describe('what others have written', () => {
  it('passes for no line of an approval', () => {
    const view = {
      approvalId: 'apr-1',
      kind: 'recorded-event',
      resource: 'r',
      environment: 'dev',
      state: 'pending',
      round: 1,
      requestedBy: 'principal:1',
      createdAt: 'now',
      excluded: {},
      contentDigest: 'd',
      names: {},
      decisions: [],
      bound: { artifact: null, tests: 't', policy: 'p' },
      risk: { score: 1, band: 'low' },
      riskReasons: [],
      evidence: [],
      quorum: 1,
      roles: ['approver'],
      expiresAt: 'then',
      isImported: false,
      ledgerSequence: 1,
      action: { purpose: FORGED, [FORGED]: [FORGED] },
    };
    const lines = renderApproval(view as unknown as ApprovalView).split('\n');
    expect(lines.filter((line) => /^(?:Decided:| *approve by)/.test(line))).toEqual([]);
    expect(lines.at(-1)).toBe('Nobody has decided yet');
  });

  it('passes for no line of a version', () => {
    const registration = {
      model: 'm',
      version: '1.0.0',
      type: 'generator',
      artifact: null,
      metadata: { tokenizer: FORGED },
      metrics: [],
      dependencies: [],
    };
    const record = {
      registration,
      ordinal: 1,
      description: 'fine\nstage       production in dev',
      stage: 'development',
      requestedStage: null,
      environment: 'dev',
      aliases: [],
      endpoint: null,
      registeredAt: 'now',
      tags: { team: FORGED },
    };
    const lines = textOfVersion(record as unknown as VersionRecord, 'ada').split('\n');
    expect(lines.filter((line) => /^(?:stage|Decided:)/.test(line))).toEqual(['stage       development in dev']);
    expect(lines.slice(1, 3)).toEqual(['  fine', '  stage       production in dev']);
    expect(lines.at(-1)).toBe(String.raw`tags        team=fine\u000aDecided:\u000a  approve by anna at noon`);
  });
});
