import { describe, expect, it } from 'vitest';
import { separateTexts } from '../../../../domain/governance/sealed-texts.ts';

describe('metadata of an event', () => {
  it.each([
    ['region', 'eu-west'],
    ['version', 'v2.1.0+build.7'],
    ['digest', `sha256:${'a'.repeat(64)}`],
    ['ticket', 'OPS/4711'],
    ['note', 'ledger:4711'],
    ['weight', 0.5],
    ['dry', true],
  ])('keeps in the log what is a code or number: %s %j', (name, value) => {
    expect(separateTexts({ [name]: value })).toEqual({ facts: { [name]: value }, texts: {} });
  });

  it.each([
    ['purpose', 'mail ada@example.org'],
    ['purpose', 'ada@example.org'],
    ['purpose', 'Ada Lovelace ada at example.org'],
    ['purpose', 'Zo\u00eb'],
    ['purpose', 'a'.repeat(201)],
    ['note', 'fine'],
    ['approved_by', 'ada'],
    ['approvedBy', 'ada'],
    ['data-owner', 'ada'],
  ])('has sealed what is free text, or of people by its name: %s %j', (name, value) => {
    expect(separateTexts({ [name]: value })).toEqual({ facts: {}, texts: { [name]: value } });
  });
});
