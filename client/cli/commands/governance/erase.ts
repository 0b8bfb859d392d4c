import { MlopsError } from '../../../../domain/errors.ts';
import type { ErasureReport } from '../../../governance-port.ts';
import { assertConfirmed } from '../../../governance/governance-verbs.ts';
import type { CommandContext, CommandRun } from '../../command.ts';
import { governanceVerbsOf } from '../../governance-verbs.ts';
import { textOption } from '../../rollout/options.ts';

/** Where names and words stand that an erasure does not reach. */
const NOT_ERASED = [
  'rollouts that wait for their pre-flight',
  'journals of emergency rollbacks on other machines',
  'histories of Temporal (encrypted, until it forgets them)',
];

/** `mlops governance erase`: what a subject's key sealed can be read by nobody any more; every proof stays valid. */
export const run: CommandRun = async (context, input) => {
  const asked = input.args[0] ?? '';
  const governance = governanceVerbsOf(context);
  if (input.dryRun) {
    const foreseen = await governance.foreseeErasure(asked);
    const { held, subject } = foreseen;
    if (held !== null) throw new MlopsError('LEGAL_HOLD', { subject, held });
    return {
      exitCode: 0,
      data: { dryRun: true, ...foreseen },
      text: [`Nothing is changed. This would erase ${inWords(foreseen)}`, ...named(foreseen)].join('\n'),
    };
  }
  const confirm = textOption(input, 'confirm');
  await assertMeant(context, asked, confirm);
  const erased = await governance.erase({ subject: asked, reason: textOption(input, 'reason'), confirm });
  if (erased.approvalId !== undefined)
    return {
      exitCode: 6,
      data: erased,
      text: [
        `Nothing is erased yet: in production ${erased.subject} is erased when it was approved: mlops approval show ${erased.approvalId}`,
        ...named(erased),
      ].join('\n'),
    };
  const isNothing = erased.keys === 0 && !erased.name && !erased.rows;
  return {
    exitCode: 0,
    data: { ...erased, notErased: NOT_ERASED },
    text: [
      ...(isNothing
        ? [`Nothing to erase: ${erased.subject} was erased before`]
        : [`Erased from the ledger ${inWords(erased)}`, `Not reached: what stands in ${NOT_ERASED.join(', ')}`]),
      ...named(erased),
    ].join('\n'),
  };
};

/** Where people have to look, for nothing here is taken away by itself. */
function named({ authored, hasMore, mentions }: ErasureReport): string[] {
  return [
    ...(mentions.length === 0 ? [] : ['The registry may name them still (docs/how-to/erase-a-subject.md):']),
    ...mentions.map(({ places, resource }) => `  ${resource}: ${places.join(', ')}`),
    ...(hasMore ? ['  and more'] : []),
    ...(authored === 0
      ? []
      : [`Author of ${authored} models and versions, by an id that means nobody after an erasure`]),
  ];
}

/** It cannot be undone: in production the subject is named twice, and elsewhere somebody says yes. @throws USAGE_INVALID */
async function assertMeant(context: CommandContext, asked: string, confirmed: string): Promise<void> {
  assertConfirmed((await context.config()).environment, asked, confirmed);
  if (confirmed !== asked && !(await context.confirm(`Erase ${asked} for good?`)))
    throw new MlopsError('USAGE_INVALID', {
      problem: `Erasure of ${asked} was not confirmed: it cannot be undone`,
      hint: 'Look with --dry-run, then answer y, or add --yes',
    });
}

function inWords({ keys, name, payloads, rows = 0, subject }: ErasureReport): string {
  return `${subject}: ${keys} key${keys === 1 ? '' : 's'}, ${payloads} payload${payloads === 1 ? '' : 's'}${rows === 0 ? '' : `, the words of ${rows} row${rows === 1 ? '' : 's'} beside it`}${name ? ', and the name behind the id' : ''}`;
}
