import { sign, type KeyObject } from 'node:crypto';
import { possessionText } from '../../domain/governance/own-key.ts';
import type { Statement } from '../../domain/governance/statement.ts';

/** Shows that the holder of a new key wants what a statement says; base64. */
export function provePossession(privateKey: KeyObject, statement: Statement): string {
  return sign(null, Buffer.from(possessionText(statement)), privateKey).toString('base64');
}
