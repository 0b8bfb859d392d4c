import { userInfo } from 'node:os';

/** The principal that acts: the operating-system user, until identities arrive with the registry. */
export function currentActor(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a number that has no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
