import type { CommandRun } from '../../command.ts';

/** `mlops model verify`: whether the artifact is what was registered. */
export const run: CommandRun = async (context, input) => {
  const [model = '', version = ''] = input.args;
  const registry = await context.composition.registry();
  const { version: record, ...found } = await registry.verify({ model, version });
  const name = `${model} ${record.registration.version}`;
  return {
    exitCode: found.ok ? 0 : 3,
    data: { model, version: record.registration.version, verifiedAt: record.verifiedAt, ...found },
    text: found.ok
      ? `Valid: the artifact of ${name} is what was registered (sha256:${found.digest}, ${found.bytes} bytes)${signedBy(found.signer)}`
      : `NOT VALID: the artifact of ${name} is not what was registered (sha256:${found.digest}): ${found.problem ?? ''}\nIt cannot be promoted until it is restored`,
  };
};

function signedBy(signer: string | null): string {
  return signer === null ? '' : `\nSigned by ${signer}`;
}
