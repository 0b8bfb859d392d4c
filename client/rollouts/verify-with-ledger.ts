import { createHash } from 'node:crypto';
import { canonicalJson } from '../../domain/governance/canonical-json.ts';
import type { VerifierKey } from '../../domain/governance/verifier-key.ts';
import type { RolloutReceipt } from '../../domain/rollout/receipt.ts';
import { checkLedger, concernsReceipt, type LedgerEntry } from '../../domain/rollout/receipt-check/check-ledger.ts';
import { verifyFile } from '../audit/verify-file.ts';
import type { ExportFiles } from '../export-port.ts';

/** What comparing a receipt with an export of the ledger showed. */
export interface LedgerComparison {
  readonly problems: readonly string[];
  /** Trusted keys that signed the export: none proves who wrote it when this is empty. */
  readonly signedBy: readonly string[];
}

/**
 * Verifies a full export of the ledger, and that all a receipt says is in it and nothing of the rollout is missing.
 *
 * @throws INPUT_UNREADABLE
 */
export async function verifyWithLedger(
  files: ExportFiles,
  receipt: RolloutReceipt,
  order: { readonly file: string; readonly trustedKeys: readonly VerifierKey[] },
): Promise<LedgerComparison> {
  const entries: LedgerEntry[] = [];
  const { rolloutKey, environment, model } = receipt.rollout;
  // As it is escaped in the text of an event, which is a text of its line.
  const named = [rolloutKey, `traffic/${environment}/${model}`].map((name) => escape(escape(name)));
  const check = await verifyFile(files, {
    ...order,
    checkpoints: [],
    onLine: (text) => {
      // Most lines are of other rollouts: they are not parsed twice.
      if (!named.some((name) => text.includes(name))) return;
      const entry = entryOf(text);
      if (entry !== null && concernsReceipt(receipt, entry)) entries.push(entry);
    },
  });
  const { signedBy, kind } = check;
  const broken = check.problems.map(({ code, message }) => `ledger: ${code}: ${message}`);
  if (broken.length > 0) return { problems: broken, signedBy };
  if (kind !== 'full')
    return { problems: ['ledger: a selection cannot show that nothing is missing: export all of it'], signedBy };
  return { problems: checkLedger(receipt, entries, digestOf), signedBy };
}

/** The event of a line that the verification has found right; null for the header. */
function entryOf(text: string): LedgerEntry | null {
  const { canonical, payload } = JSON.parse(text) as { canonical?: string; payload?: LedgerEntry['payload'] };
  if (canonical === undefined) return null;
  return { ...(JSON.parse(canonical) as LedgerEntry), ...(payload === undefined ? {} : { payload }) };
}

function escape(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** As the store makes the digests of rows. */
function digestOf(value: unknown): string {
  const plain: unknown = JSON.parse(JSON.stringify(value ?? null));
  return createHash('sha256').update(canonicalJson(plain)).digest('hex');
}
