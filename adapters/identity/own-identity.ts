import { randomBytes, sign } from 'node:crypto';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { MlopsConfig } from '../../config/schema.ts';
import { digestOf } from '../crypto/digest-of.ts';
import { STATEMENT_FORMAT, statementText, type Claim, type Statement } from '../../domain/governance/statement.ts';
import { identityFileOf, readIdentity, type OwnIdentity } from './identity-file.ts';

/** Who acts in this process. */
export interface CurrentIdentity {
  /** A principal id when it signs, else the user of the operating system. */
  readonly actor: string;
  /** Says who asks for what; signed where there is a key. */
  claim(asked: { readonly action: string; readonly resource: string; readonly content?: unknown }): Claim;
}

/**
 * The identity that is named (a name in this project's folder, or a file). Where none is: in production that of the user of the
 * operating system, if there is one; elsewhere that user, who signs nothing.
 *
 * @throws IDENTITY_FILE_INVALID
 */
export async function currentIdentity({
  environment,
  identity,
  stateDirectory,
}: Pick<MlopsConfig, 'environment' | 'identity' | 'stateDirectory'>): Promise<CurrentIdentity> {
  const user = currentUser();
  const file = identityFileOf(stateDirectory, identity ?? user);
  const isUsual = environment === 'production' && existsSync(file);
  if (identity === null && !isUsual) return { actor: user, claim: () => ({ actor: user }) };
  return signing(await readIdentity(file));
}

function signing({ keyId, principal, privateKey }: OwnIdentity): CurrentIdentity {
  return {
    actor: principal,
    claim: ({ action, content, resource }) => {
      const statement: Statement = {
        format: STATEMENT_FORMAT,
        action,
        resource,
        content: digestOf(content),
        principal,
        key: keyId,
        at: new Date().toISOString(),
        nonce: randomBytes(16).toString('hex'),
      };
      const signature = sign(null, Buffer.from(statementText(statement)), privateKey).toString('base64');
      return { actor: principal, statement: { statement, signature } };
    },
  };
}

/** The user of the operating system. */
export function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a number that has no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
