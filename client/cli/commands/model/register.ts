import { completeRegistration, type Registration } from '../../../../domain/registry/registration.ts';
import type { RegisteredVersion } from '../../../../domain/registry/records.ts';
import { MlopsError } from '../../../../domain/errors.ts';
import type { CommandResult, CommandRun } from '../../command.ts';
import { readRegistration, type TypedRegistration } from '../../model/registration.ts';
import { dataOfVersion, stageInWords } from '../../model/version-data.ts';

/** `mlops model register`: a version, once; the same content again changes nothing. */
export const run: CommandRun = async (context, input) => {
  const order = await readRegistration(context, input);
  // Before anything is connected to.
  const checked = completeRegistration(order.registration, null);
  if ('problems' in checked) throw new MlopsError('REGISTRATION_INVALID', { problems: checked.problems.join('; ') });
  if (input.dryRun) return foresee(checked.registration, order);
  const registry = await context.composition.registry();
  const registered = await registry.register(
    { ...order },
    { signal: context.signal, onProgress: progressOf(context.say) },
  );
  return resultOf(registered, order);
};

function foresee(registration: Registration, { artifactPath, wantsProduction }: TypedRegistration): CommandResult {
  const { model, type, version } = registration;
  return {
    exitCode: 0,
    data: { dryRun: true, ...registration, artifact: artifactPath, wantsProduction },
    text: `Nothing is changed. This would register ${model} ${version} (${type}) with ${artifactPath === null ? 'no artifact' : `the artifact ${artifactPath}`}`,
  };
}

function resultOf(
  { isNew, version: record }: RegisteredVersion,
  { wantsProduction }: TypedRegistration,
): CommandResult {
  const { model, version } = record.registration;
  const isPending = wantsProduction && record.stage !== 'production';
  const said = isNew
    ? `Registered: ${model} ${version}, number ${record.ordinal}, in ${stageInWords(record)}`
    : `Nothing is changed: ${model} ${version} was registered before with the same content (number ${record.ordinal}, ${stageInWords(record)})`;
  return {
    exitCode: isPending ? 6 : 0,
    data: { ...dataOfVersion(record), isNew },
    text: [
      said,
      ...nextSteps(model, version, record.stage, isPending),
      ...(isNew ? [`Undo: mlops model retire ${model} ${version}`] : []),
    ].join('\n'),
  };
}

/** What a version that is wanted in production still needs. */
function nextSteps(model: string, version: string, stage: string, isPending: boolean): string[] {
  if (!isPending) return [];
  const toStaging = stage === 'development' ? [`  mlops model promote ${model} ${version} --to staging`] : [];
  return [
    'Pending production: nobody is served by it before these steps:',
    ...toStaging,
    `  mlops model promote ${model} ${version} --to production   (asks for the approval that it needs)`,
  ];
}

/** Says how far a large artifact is, every 256 MiB. */
function progressOf(say: (line: string) => void): (bytes: number) => void {
  let said = 0;
  return (bytes) => {
    const steps = Math.floor(bytes / 2 ** 28);
    if (steps === said) return;
    said = steps;
    say(`artifact: ${steps * 256} MiB taken in`);
  };
}
