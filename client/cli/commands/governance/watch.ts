import { MlopsError } from '../../../../domain/errors.ts';
import type { WatchState } from '../../../governance-port.ts';
import type { Watch } from '../../../governance/governance-verbs.ts';
import type { CommandContext, CommandInput, CommandRun } from '../../command.ts';
import { governanceVerbsOf } from '../../governance-verbs.ts';
import { renderTable } from '../../render-table.ts';
import { textOption } from '../../rollout/options.ts';

/** `mlops governance watch`: how the watch over who does what stands, and what it raised; acknowledges one of its alarms. */
export const run: CommandRun = async (context, input) => {
  if (textOption(input, 'acknowledge') !== '') return await acknowledge(context, input);
  const state = await governanceVerbsOf(context).watch();
  const people = state.newest.flatMap(({ acknowledgedBy, principal }) =>
    acknowledgedBy === null ? [principal] : [principal, acknowledgedBy],
  );
  const names = await context.composition.names(people);
  return {
    exitCode: 0,
    data: state,
    text: [headline(state), ...table(state, names)].join('\n'),
  };
};

async function acknowledge(context: CommandContext, input: CommandInput): ReturnType<CommandRun> {
  const given = textOption(input, 'acknowledge');
  const reason = textOption(input, 'reason');
  if (!/^\d{1,15}$/.test(given))
    throw new MlopsError('USAGE_INVALID', {
      problem: `Alarm is not a number: ${given}, wanted that of its event`,
      hint: 'For example mlops governance watch --acknowledge 4711 --reason "..."',
    });
  if (reason === '')
    throw new MlopsError('USAGE_INVALID', {
      problem: 'Reason is missing: what did you find?',
      hint: `For example mlops governance watch --acknowledge ${given} --reason "she is on call this week"`,
    });
  const alarm = Number(given);
  if (input.dryRun)
    return { exitCode: 0, data: { dryRun: true, alarm }, text: `Nothing is changed. This would acknowledge ${alarm}` };
  const { detector, principal } = await governanceVerbsOf(context).acknowledge({ alarm, reason });
  const name = (await context.composition.names([principal])).get(principal) ?? principal;
  return {
    exitCode: 0,
    data: { alarm, acknowledged: true, detector, principal },
    text: `Acknowledged: ${detector} of ${name} (event ${alarm})`,
  };
}

function headline(state: Watch): string {
  const { alarms, behind, learning, lookedAt, open, principals, unseen } = state;
  if (!state.enabled) return 'The watch is off: access_watch.enabled of config/governance.yaml';
  if (lookedAt === null) return 'The watch has not looked yet: a worker looks every five minutes (`mlops status`)';
  const total = alarms.reduce((sum, one) => sum + one.alarms, 0);
  const kinds = alarms.map((one) => `${one.detector} ${one.alarms}`).join(', ');
  return [
    `Looked last at ${lookedAt}, ${behind ?? 0} events behind.`,
    `Knows ${principals} principals; of ${learning} it has too few days for a baseline (learning).`,
    `Alarms of 30 days: ${total}${kinds === '' ? '' : ` (${kinds})`}`,
    `Open now: ${open}; never acknowledged: ${unseen}`,
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
    stateOf(one, names),
  ]);
  return ['', renderTable(['EVENT', 'AT', 'ALARM', 'WHO', 'SEEN', 'USUALLY', 'STATE'], rows)];
}

function stateOf(
  { acknowledgedBy, endedAt }: WatchState['newest'][number],
  names: ReadonlyMap<string, string>,
): string {
  const seen = acknowledgedBy === null ? [] : [`acknowledged by ${names.get(acknowledgedBy) ?? acknowledgedBy}`];
  const ended = endedAt === null ? [] : [`ended ${endedAt}`];
  return [...seen, ...ended].join(', ') || 'open';
}

function amount(value: number): string {
  return String(Math.round(value * 100) / 100);
}
