import { databaseUrlOf } from '../adapters/postgres/pool.ts';
import { judgeLogin, type LoginStanding } from '../adapters/postgres/roles/judge-login.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { DATABASE_ROLE_NAMES } from '../domain/governance/database-grants.ts';
import { messageOf } from '../domain/errors.ts';
import type { Finding } from './doctor.ts';

const CHECK = 'database roles';
const HOW = 'docs/how-to/separate-database-logins.md';

/** Whether processes may more in the database than they should. */
export async function checkDatabaseRoles(config: MlopsConfig): Promise<Finding> {
  try {
    return findingOf(await judgeLogin(databaseUrlOf(config)), config.environment === 'production');
  } catch (error) {
    // That it is away, or too old, is another line's to say.
    return {
      check: CHECK,
      state: 'warning',
      detail: `nobody could look: ${messageOf(error)}`,
      fix: 'mlops up --detach',
    };
  }
}

function findingOf(standing: LoginStanding, isProduction: boolean): Finding {
  const { beyond, isCurrent, isOwner, login, memberOf, missing } = standing;
  if (missing.length > 0)
    return finding(
      isProduction ? 'problem' : 'warning',
      missing.length === DATABASE_ROLE_NAMES.length
        ? `there are none: every process may what ${login} may`
        : `${missing.join(', ')} is missing: the others have the rights of an earlier version`,
      'mlops setup --database-roles',
    );
  if (!isCurrent) return finding('problem', 'their rights are not those of this program', 'mlops setup');
  if (isOwner)
    return finding(
      isProduction ? 'warning' : 'ok',
      `${login} owns the tables; processes go on as ${memberOf.join(', ')} when they have connected`,
      isProduction ? `give each process a login of its own: ${HOW}` : null,
    );
  if (memberOf.length === 0)
    return finding('problem', `${login} is of no role, so its processes keep what it was granted`, `see ${HOW}`);
  return beyond.length === 0 && memberOf.length === 1
    ? finding('ok', `${login} is of ${memberOf.join(', ')} and may nothing else`, null)
    : finding(
        'warning',
        beyond.length === 0
          ? `${login} is of several: ${memberOf.join(', ')}`
          : `${login} may more than ${memberOf.join(', ')}: ${beyond.slice(0, 5).join(', ')}${beyond.length > 5 ? `, and ${beyond.length - 5} more` : ''}`,
        `see ${HOW}`,
      );
}

function finding(state: Finding['state'], detail: string, fix: string | null): Finding {
  return { check: CHECK, state, detail, fix };
}
