import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MlopsError, messageOf } from '../../../../domain/errors.ts';
import type { RolloutReceipt } from '../../../../domain/rollout/receipt.ts';
import type { ReceiptCheck } from '../../../../domain/rollout/verify-receipt.ts';
import { renderReceiptHtml } from '../../../reports/receipt-html.ts';
import { renderReceiptText } from '../../../reports/receipt-text.ts';
import { parseReceipt } from '../../../rollouts/parse-receipt.ts';
import { digestOf } from '../../../rollouts/request.ts';
import { verifyReceiptHere } from '../../../rollouts/verify-receipt-here.ts';
import type { CommandContext, CommandInput, CommandResult, CommandRun } from '../../command.ts';
import { modelOf, textOption } from '../../rollout/options.ts';

/** `mlops rollout receipt`: everything that was decided and on what evidence; `--verify` decides it again offline. */
export const run: CommandRun = async (context, input) => {
  const file = textOption(input, 'verify');
  if (file !== '') return await verify(context, file);
  const receipt = await load(context, input);
  const [out, html] = [textOption(input, 'out'), textOption(input, 'html')];
  if (out !== '') await write(context, out, `${JSON.stringify({ ...receipt, digest: digestOf(receipt) }, null, 2)}\n`);
  if (html !== '') await write(context, html, renderReceiptHtml(receipt, digestOf(receipt)));
  return { exitCode: 0, data: { ...receipt, digest: digestOf(receipt) }, text: renderReceiptText(receipt) };
};

async function load(context: CommandContext, input: CommandInput): Promise<RolloutReceipt> {
  const { environment } = await context.config();
  const model = await modelOf(context, input);
  const key = textOption(input, 'key');
  const receipt = await (await context.composition.evidence()).receipt(environment, model, key === '' ? null : key);
  if (receipt === null)
    throw new MlopsError('RECEIPT_NOT_FOUND', { model: key === '' ? model : `${model} with key ${key}`, environment });
  return receipt;
}

async function write(context: CommandContext, file: string, text: string): Promise<void> {
  const path = resolve(context.workingDirectory, file);
  await writeFile(path, text);
  context.say(`Wrote ${file}`);
}

async function verify(context: CommandContext, file: string): Promise<CommandResult> {
  const text = await readFile(resolve(context.workingDirectory, file), 'utf8').catch((error: unknown) => {
    throw new MlopsError('RECEIPT_INVALID', { file, problem: messageOf(error) });
  });
  const { receipt, digest } = parseReceipt(file, text);
  const check = verifyReceiptHere(receipt);
  const altered = digest !== digestOf(receipt) ? ['the digest does not fit the content: the file was altered'] : [];
  const problems = [...altered, ...check.problems];
  const valid = problems.length === 0;
  const summary = valid
    ? `Receipt is valid: ${check.judgedTicks} looks decided again, ${samenessOf(check)}`
    : `Receipt is NOT valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`;
  return { exitCode: valid ? 0 : 3, data: { ...check, valid, problems }, text: summary };
}

/** How equal the numbers are, and on what they were computed. */
function samenessOf({ exact, otherEngines }: ReceiptCheck): string {
  const others =
    otherEngines.length === 0 ? '' : ` (judged on ${otherEngines.join(', ')}; this is another engine version)`;
  return exact ? `bit for bit${others}` : `the same decisions${others}: numbers differ in the last digits`;
}
