/** Days that the prior counts as, and how often it believes the thing to happen on one of them. */
const PRIOR_DAYS = 7;
const PRIOR_HAPPENED = 0.1;

/**
 * How often something is expected in a month that happened on `happened` of `days` days: the mean of the posterior rate under a
 * gamma prior (shape 0.1, 7 days), times the days of a month. What is expected less often than a share of the budget is an
 * alarm when it happens: then such alarms, for whoever goes on as before, keep to that share.
 *
 * @param days at least 0
 * @param happened 0 to `days`
 * @param daysPerMonth days in a month on which it could happen
 * @see Gelman et al., Bayesian Data Analysis (2013), section 2.6
 * @example expectedPerMonth(20, 0, 21) // 0.08
 */
export function expectedPerMonth(days: number, happened: number, daysPerMonth: number): number {
  return (daysPerMonth * (happened + PRIOR_HAPPENED)) / (days + PRIOR_DAYS);
}
