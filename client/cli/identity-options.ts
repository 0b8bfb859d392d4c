import { MlopsError } from '../../domain/errors.ts';
import { isNewName, WANTED_NEW_NAME } from '../../domain/governance/person-name.ts';
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

/** @throws USAGE_INVALID */
export function parseNewName(text: string): string {
  if (isNewName(text)) return text;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Name is not valid: ${text || '(empty)'}, wanted ${WANTED_NEW_NAME}`,
    hint: 'For example mlops identity create ada --role engineer',
  });
}
