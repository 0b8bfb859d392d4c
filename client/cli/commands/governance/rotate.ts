import { CUSTODY_RESOURCE } from '../../../governance-port.ts';
import type { CommandRun } from '../../command.ts';
import { textOption } from '../../rollout/options.ts';

/** `mlops governance rotate`: another key wraps the keys of payloads. */
export const run: CommandRun = async (context, input) => {
  const isAddOnly = input.options['addOnly'] === true;
  if (input.dryRun) {
    const what = isAddOnly ? 'make a wrapping key that waits' : 'put a new wrapping key to use and wrap every key anew';
    return { exitCode: 0, data: { dryRun: true }, text: `Nothing is changed. This would ${what}` };
  }
  const governance = await context.composition.governance();
  const who = await context.composition.identity();
  const claimOf = (content: unknown) => who.claim({ action: 'governance.rotate', resource: CUSTODY_RESOURCE, content });
  if (isAddOnly) {
    const key = await governance.addKey(claimOf({ addOnly: true }));
    return {
      exitCode: 0,
      data: { key, active: false },
      text: `Key ${key} waits. Copy keys/ledger-wrapping.json to the other machines of workers, then run \`mlops governance rotate\``,
    };
  }
  const content = { reason: textOption(input, 'reason') };
  const { artifacts, key, place, rewrapped, secrets } = await governance.rotate({ ...content, ...claimOf(content) });
  return {
    exitCode: 0,
    data: { key, active: true, rewrapped, secrets, artifacts },
    text: `Key ${key} is in use; wrapped anew: ${rewrapped} of payloads, ${secrets} of webhooks, ${artifacts} of artifacts. Keep a backup of ${place}`,
  };
};
