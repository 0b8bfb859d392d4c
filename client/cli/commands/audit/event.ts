import type { ProvenEvent } from '../../../ledger-port.ts';
import { parseWhole } from '../../audit/options.ts';
import { auditVerbsOf } from '../../audit/verbs.ts';
import type { CommandRun } from '../../command.ts';

/** `mlops audit event`: one event with the proof that it is in the log. */
export const run: CommandRun = async (context, input) => {
  const sequence = parseWhole(input.args[0] ?? '', 'The sequence');
  const proven = await auditVerbsOf(context).event(sequence, { withPayload: input.options['payload'] === true });
  return { exitCode: 0, showsIds: true, data: proven, text: render(proven) };
};

function render({ checkpoint, event, leafHash, payload, proof }: ProvenEvent): string {
  const [origin = '', size = ''] = checkpoint.split('\n');
  return [
    JSON.stringify(event, null, 2),
    ...(payload === undefined ? [] : [`payload: ${payload === null ? 'erased' : JSON.stringify(payload, null, 2)}`]),
    `leaf hash ${leafHash}`,
    `proven by ${proof.length} hash${proof.length === 1 ? '' : 'es'} to the checkpoint over ${size} events of ${origin}`,
  ].join('\n');
}
