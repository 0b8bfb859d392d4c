import { MlopsError } from '../../domain/errors.ts';
import { isRole, ROLE_NAMES, type Role } from '../../domain/governance/roles.ts';

/** Names of roles, each once. @throws USAGE_INVALID */
export function parseRoles(given: readonly string[]): readonly Role[] {
  return [...new Set(given.map(parseRole))].sort();
}

/** @throws USAGE_INVALID */
export function parseRole(text: string): Role {
  if (isRole(text)) return text;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Role is not known: ${text || '(empty)'}, wanted one of ${ROLE_NAMES.join(', ')}`,
    hint: 'docs/reference/roles.md says what each may do',
  });
}

/** A name of a person or program; it is also a file name. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} _@+-]{0,63}$/u;

/** @throws USAGE_INVALID */
export function parseNewName(text: string): string {
  if (NAME.test(text) && !text.startsWith('principal:')) return text;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Name is not valid: ${text || '(empty)'}, wanted 1 to 64 letters, digits, spaces, _ @ + or -`,
    hint: 'For example mlops identity create ada --role engineer',
  });
}
