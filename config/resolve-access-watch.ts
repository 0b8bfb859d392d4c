import type { AccessRules } from '../domain/governance/access-watch/rules.ts';

import { WEEKDAYS, type AccessWatchFile } from './access-schema.ts';
import type { AccessWatchConfig } from './schema.ts';

/** The access watch, with the names used inside. */
export function resolveAccessWatch(file: AccessWatchFile): AccessWatchConfig {
  return {
    isEnabled: file.enabled,
    rules: resolveRules(file),
    timeZone: file.working_hours.time_zone,
  };
}

function resolveRules(file: AccessWatchFile): AccessRules {
  const { days, from_hour, to_hour } = file.working_hours;
  return {
    falseAlarmsPerMonth: file.false_alarms_per_month,
    baselineDays: file.baseline_days,
    minimumDays: file.minimum_days,
    approvalSeconds: file.approval_seconds,
    refusalsPerHour: file.refusals_per_hour,
    allowedAfterDenialHours: file.allowed_after_denial_hours,
    dormantDays: file.dormant_days,
    workingHours: { from: from_hour, to: to_hour, weekdays: days.map((day) => WEEKDAYS.indexOf(day)) },
  };
}
