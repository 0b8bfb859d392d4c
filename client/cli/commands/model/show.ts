import { readBom } from '../../../registry/read-bom.ts';
import type { CommandRun } from '../../command.ts';
import { dataOfVersion, textOfVersion } from '../../model/version-data.ts';

/** `mlops model show`: everything that is known of a version; --bom as a bill of materials. */
export const run: CommandRun = async (context, input) => {
  const [model = '', version = ''] = input.args;
  const registry = await context.composition.registry();
  if (input.options['bom'] === true) {
    const bom = await readBom(registry, { model, version });
    // The format has no room for members of ours: for machines it is one of ours.
    return { exitCode: 0, data: { bom }, text: JSON.stringify(bom, null, 2) };
  }
  const record = await registry.version({ model, version });
  const { edges } = await registry.lineage({
    start: { model, version: record.registration.version },
    direction: 'upstream',
    depth: 1,
  });
  const dependencies = edges.map(({ kind, to }) => ({ kind, target: to }));
  const author = (await registry.names([record.author])).get(record.author) ?? record.author;
  const current = { ...record, registration: { ...record.registration, dependencies } };
  return { exitCode: 0, data: dataOfVersion(current, author), text: textOfVersion(current, author) };
};
