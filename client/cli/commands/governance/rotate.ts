import { MlopsError } from '../../../../domain/errors.ts';
import type { CommandContext, CommandInput, CommandRun } from '../../command.ts';
import { governanceVerbsOf } from '../../governance-verbs.ts';
import { textOption } from '../../rollout/options.ts';

/** `mlops governance rotate`: another key wraps the keys of payloads, or signs checkpoints. */
export const run: CommandRun = async (context, input) => {
  const [isAddOnly, isCheckpoint, isRetire] = ['addOnly', 'checkpointKey', 'retire'].map(
    (name) => input.options[name] === true,
  );
  if (isAddOnly && isCheckpoint)
    throw new MlopsError('USAGE_INVALID', {
      problem: '--add-only is about wrapping keys: a checkpoint key signs beside the older one from the beginning',
      hint: 'Leave out --add-only or --checkpoint-key',
    });
  if (isRetire && !isCheckpoint)
    throw new MlopsError('USAGE_INVALID', {
      problem: '--retire is about checkpoint keys: earlier wrapping keys stay in their file',
      hint: 'For example mlops governance rotate --checkpoint-key --retire --reason yearly',
    });
  if (isCheckpoint) return await (isRetire ? retireCheckpointKey : addCheckpointKey)(context, input);
  return await (isAddOnly ? addKey : rotate)(context, input);
};

async function addKey(context: CommandContext, input: CommandInput): ReturnType<CommandRun> {
  if (input.dryRun) return foreseen('make a wrapping key that waits');
  const key = await governanceVerbsOf(context).addKey();
  return {
    exitCode: 0,
    data: { key, active: false },
    text: `Key ${key} waits. Copy keys/ledger-wrapping.json to the other machines of workers, then run \`mlops governance rotate\``,
  };
}

async function rotate(context: CommandContext, input: CommandInput): ReturnType<CommandRun> {
  if (input.dryRun) return foreseen('put a new wrapping key to use and wrap every key anew');
  const order = { reason: textOption(input, 'reason') };
  const { artifacts, key, place, rewrapped, secrets } = await governanceVerbsOf(context).rotateKeys(order);
  return {
    exitCode: 0,
    data: { key, active: true, rewrapped, secrets, artifacts },
    text: `Key ${key} is in use; wrapped anew: ${rewrapped} of payloads, ${secrets} of webhooks, ${artifacts} of artifacts. Keep a backup of ${place}`,
  };
}

async function addCheckpointKey(context: CommandContext, input: CommandInput): ReturnType<CommandRun> {
  if (input.dryRun) return foreseen('make a key that signs checkpoints beside the one in use');
  const order = { reason: textOption(input, 'reason') };
  const { beside, isNew, key, verifierKey } = await governanceVerbsOf(context).addCheckpointKey(order);
  return {
    exitCode: 0,
    data: { key, verifierKey, beside, isNew },
    text: [
      isNew
        ? `Key ${key} signs checkpoints beside ${beside}. Keep a backup of keys/ledger-signing.json, and give those who verify:`
        : `Nothing to do: key ${key} signs checkpoints beside ${beside} already. Those who verify need:`,
      verifierKey,
      'When they have it: `mlops governance rotate --checkpoint-key --retire`',
    ].join('\n'),
  };
}

async function retireCheckpointKey(context: CommandContext, input: CommandInput): ReturnType<CommandRun> {
  if (input.dryRun) return foreseen('retire the older of the keys that sign checkpoints');
  const order = { reason: textOption(input, 'reason') };
  const { inUse, key, verifierKey } = await governanceVerbsOf(context).retireCheckpointKey(order);
  return {
    exitCode: 0,
    data: { key, inUse, verifierKey },
    text: `Key ${key} signs no more; what it signed verifies by its verifier key for ever. ${inUse} signs alone:\n${verifierKey}`,
  };
}

async function foreseen(what: string): ReturnType<CommandRun> {
  return await Promise.resolve({
    exitCode: 0,
    data: { dryRun: true },
    text: `Nothing is changed. This would ${what}`,
  } as const);
}
