import { isMlopsError, messageOf, MlopsError } from '../../../domain/errors.ts';

/** SQLSTATE of what breaks a rule (class 23: constraints, triggers, `ledger_append`), and of what the role may not do. */
const BROKEN_RULE = /^23[0-9A-Z]{3}$/;
const MAY_NOT = '42501';

/**
 * What PostgreSQL refused of a change and its events, as a coded error; anything else as it is. PostgreSQL names a rule or a right, and nothing
 * of what was to be written but names: that may be said.
 *
 * @param types of the events that the change had appended when it was refused
 */
export function asRefusal(error: unknown, types: readonly string[]): unknown {
  if (isMlopsError(error)) return error;
  const { code } = error as { code?: unknown };
  const details = {
    events: types.length === 0 ? 'a change' : [...new Set(types)].join(', '),
    problem: messageOf(error),
  };
  if (code === MAY_NOT) return new MlopsError('LEDGER_FORBIDDEN', details, { cause: error });
  if (typeof code === 'string' && BROKEN_RULE.test(code))
    return new MlopsError('LEDGER_REFUSED', details, { cause: error });
  return error;
}
