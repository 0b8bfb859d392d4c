import type { AccessRules } from '../../domain/governance/access-watch/rules.ts';

/** As config/defaults.ts has them. */
export const ACCESS_RULES: AccessRules = {
  falseAlarmsPerMonth: 0.5,
  baselineDays: 28,
  minimumDays: 7,
  approvalSeconds: 10,
  refusalsPerHour: 10,
  allowedAfterDenialHours: 24,
  dormantDays: 60,
  workingHours: { from: 7, to: 20, weekdays: [1, 2, 3, 4, 5] },
};
