import { userInfo } from 'node:os';

/** The principal that acts: the operating-system user, until identities arrive with the registry. */
export function currentActor(): string {
  return userInfo().username;
}
