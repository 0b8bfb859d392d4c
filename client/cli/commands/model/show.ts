import { assembleBom } from '../../../../domain/registry/model-bom.ts';
import type { CommandRun } from '../../command.ts';
import { dataOfVersion, textOfVersion } from '../../model/version-data.ts';

/** `mlops model show`: everything that is known of a version; --bom as a bill of materials. */
export const run: CommandRun = async (context, input) => {
  const [model = '', version = ''] = input.args;
  const registry = await context.composition.registry();
  const record = await registry.version({ model, version });
  const { edges } = await registry.lineage({
    start: { model, version: record.registration.version },
    direction: 'upstream',
    depth: 1,
  });
  const dependencies = edges.map(({ kind, to }) => ({ kind, target: to }));
  if (input.options['bom'] === true) {
    const signer = await registry.signer({ model, version: record.registration.version });
    const bom = assembleBom(record, dependencies, { at: new Date().toISOString(), signer });
    // The format has no room for members of ours: for machines it is one of ours.
    return { exitCode: 0, data: { bom }, text: JSON.stringify(bom, null, 2) };
  }
  const author = (await registry.names([record.author])).get(record.author) ?? record.author;
  const current = { ...record, registration: { ...record.registration, dependencies } };
  return { exitCode: 0, data: dataOfVersion(current, author), text: textOfVersion(current, author) };
};
