/** What people set of the watch (config/governance.yaml, `access_watch`). */
export interface AccessRules {
  /** Alarms by baselines that a principal who does what is usual may raise in a month, all detectors together. */
  readonly falseAlarmsPerMonth: number;
  /** Days that a baseline goes back. */
  readonly baselineDays: number;
  /** Days on which somebody did something that a baseline needs. */
  readonly minimumDays: number;
  /** Nobody reads what they approve sooner than this after it was put before them. */
  readonly approvalSeconds: number;
  /** Refusals in an hour that are too many from somebody without a baseline. */
  readonly refusalsPerHour: number;
  /** What is allowed so soon after it was refused is looked at. */
  readonly allowedAfterDenialHours: number;
  /** Who did nothing for so long is not expected to. */
  readonly dormantDays: number;
  /** Hours that are nobody's odd hours, in the time zone of the watch. */
  readonly workingHours: {
    /** First hour, 0 to 23. */
    readonly from: number;
    /** The hour at which they end, 1 to 24. */
    readonly to: number;
    /** 0 is Sunday. */
    readonly weekdays: readonly number[];
  };
}

/** Days of the month that budgets are for. */
export const MONTH_DAYS = 30;

/** How the budget of false alarms is divided: counts are 8 tests, of 4 kinds by the hour and by the day. */
export const SHARES = { oneCount: 0.05, offHours: 0.15, newModels: 0.1, newSource: 0.25, oddNewSource: 0.1 } as const;

/** A moment as clocks on the wall show it, where the watch's time zone is. */
export interface LocalTime {
  /** Days since 1970-01-01 of the local date. */
  readonly day: number;
  /** 0 to 23 */
  readonly hour: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

/** Tells local time; a port, since time zones are data of the machine. */
export type LocalClock = (atMs: number) => LocalTime;
