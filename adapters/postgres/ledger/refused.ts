import { isMlopsError, messageOf, MlopsError } from '../../../domain/errors.ts';

/** SQLSTATE of what breaks a rule: constraints, triggers and `ledger_append` (class 23), and of what may not be done. */
const BROKEN_RULE = /^23[0-9A-Z]{3}$/;
const MAY_NOT = '42501';
/** What PostgreSQL runs where a function of ours refuses. */
const RAISED = 'exec_stmt_raise';

/**
 * What PostgreSQL refused of a change and its events, as a coded error; anything else as it is. PostgreSQL names a rule or a right, and nothing
 * of what was to be written but names: that may be said.
 *
 * @param types of the events that the change had appended when it was refused
 */
export function asRefusal(error: unknown, types: readonly string[]): unknown {
  if (isMlopsError(error)) return error;
  const { code, routine } = error as { code?: unknown; routine?: unknown };
  if (code !== MAY_NOT && !(typeof code === 'string' && BROKEN_RULE.test(code))) return error;
  const problem = messageOf(error);
  const events = types.length === 0 ? 'a change' : [...new Set(types)].join(', ');
  // Rules of ours say of some things that nobody may do them: another login helps only where it is about the role.
  const isOfRole = code === MAY_NOT && (routine !== RAISED || problem.startsWith('role '));
  return new MlopsError(isOfRole ? 'LEDGER_FORBIDDEN' : 'LEDGER_REFUSED', { events, problem }, { cause: error });
}
