import { CUSTODY_RESOURCE, type WatchState } from '../../../governance-port.ts';
import type { CommandRun } from '../../command.ts';
import { renderTable } from '../../render-table.ts';

/** `mlops governance watch`: how the watch over who does what stands, and what it raised. */
export const run: CommandRun = async (context) => {
  const { accessWatch } = await context.config();
  const who = await context.composition.identity();
  const claim = who.claim({ action: 'governance.read', resource: CUSTODY_RESOURCE, content: { watch: true } });
  const state = await (await context.composition.governance()).watch(claim);
  const { isEnabled: enabled, rules } = accessWatch;
  const names = await context.composition.names(state.newest.map(({ principal }) => principal));
  return {
    exitCode: 0,
    data: { enabled, falseAlarmsPerMonth: rules.falseAlarmsPerMonth, ...state },
    text: [headline(enabled, state), ...table(state, names)].join('\n'),
  };
};

function headline(isEnabled: boolean, { alarms, behind, learning, lookedAt, principals }: WatchState): string {
  if (!isEnabled) return 'The watch is off: access_watch.enabled of config/governance.yaml';
  if (lookedAt === null) return 'The watch has not looked yet: a worker looks every five minutes (`mlops status`)';
  const total = alarms.reduce((sum, one) => sum + one.alarms, 0);
  const kinds = alarms.map((one) => `${one.detector} ${one.alarms}`).join(', ');
  return [
    `Looked last at ${lookedAt}, ${behind ?? 0} events behind.`,
    `Knows ${principals} principals; of ${learning} it has too few days for a baseline (learning).`,
    `Alarms of 30 days: ${total}${kinds === '' ? '' : ` (${kinds})`}`,
  ].join('\n');
}

function table({ newest }: WatchState, names: ReadonlyMap<string, string>): string[] {
  if (newest.length === 0) return [];
  const rows = newest.map((one) => [
    String(one.sequence),
    one.at,
    one.detector,
    names.get(one.principal) ?? one.principal,
    `${amount(one.observed)} ${one.unit}`,
    amount(one.baseline),
  ]);
  return ['', renderTable(['EVENT', 'AT', 'ALARM', 'WHO', 'SEEN', 'USUALLY'], rows)];
}

function amount(value: number): string {
  return String(Math.round(value * 100) / 100);
}
