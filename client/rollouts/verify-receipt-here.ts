import type { RolloutReceipt } from '../../domain/rollout/receipt.ts';
import { verifyReceipt, type ReceiptCheck } from '../../domain/rollout/verify-receipt.ts';

/** Decides a receipt again on the engine version of this process. */
export function verifyReceiptHere(receipt: RolloutReceipt): ReceiptCheck {
  return verifyReceipt(receipt, { node: process.versions.node, v8: process.versions.v8 });
}
