import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MlopsError } from '../../../../domain/errors.ts';
import type { RolloutReceipt } from '../../../../domain/rollout/receipt.ts';
import type { ReceiptCheck } from '../../../../domain/rollout/verify-receipt.ts';
import { ownKeyFiles } from '../../../audit/own-keys.ts';
import { readTrustedKeys } from '../../../audit/verify-file.ts';
import { renderReceiptHtml } from '../../../reports/receipt-html.ts';
import { renderReceiptText } from '../../../reports/receipt-text.ts';
import { parseReceipt } from '../../../rollouts/parse-receipt.ts';
import { digestOf } from '../../../rollouts/request.ts';
import { verifyWithLedger, type LedgerComparison } from '../../../rollouts/verify-with-ledger.ts';
import { verifyReceiptHere } from '../../../rollouts/verify-receipt-here.ts';
import { auditDirectoryOf } from '../../audit/audit-directory.ts';
import type { CommandContext, CommandInput, CommandResult, CommandRun } from '../../command.ts';
import { listOption, modelOf, textOption } from '../../rollout/options.ts';
import { rolloutVerbsOf } from '../../rollout/verbs.ts';
import { unreadable } from '../../unreadable.ts';
import { unwritable } from '../../../unwritable.ts';

/** `mlops rollout receipt`: everything that was decided and on what evidence; `--verify` decides it again offline. */
export const run: CommandRun = async (context, input) => {
  const file = textOption(input, 'verify');
  if (file !== '') {
    assertAlone(input);
    return await verify(context, input, file);
  }
  if (textOption(input, 'ledger') !== '')
    throw new MlopsError('USAGE_INVALID', {
      problem: 'Option --ledger is for --verify: nothing is to be verified',
      hint: 'Name the receipt: mlops rollout receipt --verify receipt.json --ledger ledger.jsonl',
    });
  const receipt = await load(context, input);
  context.say(identityOf(receipt));
  const [out, html] = [textOption(input, 'out'), textOption(input, 'html')];
  if (out !== '') await write(context, out, `${JSON.stringify({ ...receipt, digest: digestOf(receipt) }, null, 2)}\n`);
  if (html !== '') await write(context, html, renderReceiptHtml(receipt, digestOf(receipt)));
  return { exitCode: 0, data: { ...receipt, digest: digestOf(receipt) }, text: renderReceiptText(receipt) };
};

/** Which rollout it is: without --key the newest, which need not be the one that somebody has in mind. */
function identityOf({ rollout, outcome }: RolloutReceipt): string {
  const { rolloutKey, model, fromVersion, toVersion, startedAt } = rollout;
  const end = outcome === null ? 'still open' : `${outcome.outcome} at ${outcome.at}`;
  return `Receipt of rollout ${rolloutKey}: ${model} ${fromVersion} → ${toVersion}, started ${startedAt}, ${end}`;
}

/** A file that is verified is all there is to it: nothing is looked up, nothing is written. */
function assertAlone({ options }: CommandInput): void {
  const others = ['model', 'key', 'out', 'html']
    .filter((name) => options[name] !== undefined)
    .map((name) => `--${name}`);
  if (others.length === 0) return;
  throw new MlopsError('USAGE_INVALID', {
    problem: `Option --verify goes with no other: ${others.join(', ')}, wanted one or the other`,
    hint: 'Verify a file by `mlops rollout receipt --verify FILE`; write one in a command of its own',
  });
}

async function load(context: CommandContext, input: CommandInput): Promise<RolloutReceipt> {
  const { environment } = await context.config();
  const model = await modelOf(context, input);
  const key = textOption(input, 'key');
  const receipt = await rolloutVerbsOf(context).receipt(model, key === '' ? undefined : key);
  if (receipt === null)
    throw new MlopsError('RECEIPT_NOT_FOUND', { model: key === '' ? model : `${model} with key ${key}`, environment });
  return receipt;
}

async function write(context: CommandContext, file: string, text: string): Promise<void> {
  const path = resolve(context.workingDirectory, file);
  await writeFile(path, text).catch(unwritable(file));
  context.say(`Wrote ${file}`);
}

async function verify(context: CommandContext, input: CommandInput, file: string): Promise<CommandResult> {
  const text = await readFile(resolve(context.workingDirectory, file), 'utf8').catch((error: unknown) => {
    throw unreadable(file, error);
  });
  const { receipt, digest } = parseReceipt(file, text);
  const check = verifyReceiptHere(receipt);
  const altered = digest !== digestOf(receipt) ? ['the digest does not fit the content: the file was altered'] : [];
  const ledger = await compareWithLedger(context, input, receipt);
  const problems = [...altered, ...check.problems, ...(ledger?.problems ?? [])];
  const valid = problems.length === 0;
  const summary = valid
    ? `Receipt is valid: ${check.judgedTicks} looks decided again, ${samenessOf(check)}`
    : `Receipt is NOT valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`;
  const isProven = ledger === null || ledger.signedBy.length > 0;
  return {
    exitCode: valid ? (isProven ? 0 : 7) : 3,
    data: { ...check, valid, problems, ledger: ledger === null ? null : { signedBy: ledger.signedBy } },
    text: valid && ledger !== null ? `${summary}\n${ledgerLine(ledger)}` : summary,
  };
}

async function compareWithLedger(
  context: CommandContext,
  input: CommandInput,
  receipt: RolloutReceipt,
): Promise<LedgerComparison | null> {
  const file = textOption(input, 'ledger');
  if (file === '') return null;
  const files = await context.composition.exportFiles();
  const path = (name: string): string => (name === '-' ? name : resolve(context.workingDirectory, name));
  const named = listOption(input, 'keys');
  const keyFiles = (named.length > 0 ? named : ownKeyFiles(auditDirectoryOf(context))).map(path);
  const trustedKeys = await readTrustedKeys(files, { keys: [], keyFiles });
  return await verifyWithLedger(files, receipt, { file: path(file), trustedKeys });
}

function ledgerLine({ signedBy }: LedgerComparison): string {
  return signedBy.length > 0
    ? `The ledger has all of it and no more, signed by ${signedBy.join(', ')}`
    : 'The ledger has all of it and no more, but who wrote it is unproven: give trusted keys with --keys, from another source than the file';
}

/** How equal the numbers are, and on what they were computed. */
function samenessOf({ exact, otherEngines }: ReceiptCheck): string {
  const others =
    otherEngines.length === 0 ? '' : ` (judged on ${otherEngines.join(', ')}; this is another engine version)`;
  return exact ? `bit for bit${others}` : `the same decisions${others}: numbers differ in the last digits`;
}
