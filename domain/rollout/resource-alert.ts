/** An arm that uses more than the wanted share of a limit of its. */
export interface ResourceAlert {
  readonly arm: 'stable' | 'canary';
  readonly version: string;
  readonly percent: number;
  /** Absent in results of before CPU was looked at: memory. */
  readonly resource?: 'memory' | 'CPU';
}

/** What names an alert within its rollout; that of memory is as it was before there were others. */
export function resourceAlertKey({ arm, resource = 'memory' }: ResourceAlert): string {
  return `resources/${arm}${resource === 'memory' ? '' : `/${resource}`}`;
}

export function resourceAlertText({ arm, percent, resource = 'memory', version }: ResourceAlert, most: number): string {
  return `${arm} ${version} uses ${percent.toFixed(0)} % of its ${resource} limit, wanted at most ${most} %`;
}
