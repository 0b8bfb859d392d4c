import { MlopsError } from '../../../../domain/errors.ts';
import { LEDGER_RESOURCE, type ProvenEvent } from '../../../ledger-port.ts';
import { parseWhole } from '../../audit/options.ts';
import type { CommandRun } from '../../command.ts';

/** `mlops audit event`: one event with the proof that it is in the log. */
export const run: CommandRun = async (context, input) => {
  const sequence = parseWhole(input.args[0] ?? '', 'The sequence');
  const withPayload = input.options['payload'] === true;
  const action = withPayload ? 'audit.payload-read' : 'audit.query';
  const who = await context.composition.identity();
  const order = { withPayload, ...who.claim({ action, resource: LEDGER_RESOURCE, content: sequence }) };
  const proven = await (await context.composition.ledger()).event(sequence, order);
  if (proven === null) throw new MlopsError('EVENT_NOT_FOUND', { sequence });
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
