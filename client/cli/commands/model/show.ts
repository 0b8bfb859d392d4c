import { currentActor } from '../../actor.ts';
import type { CommandRun } from '../../command.ts';
import { dataOfVersion, textOfVersion } from '../../model/version-data.ts';

/** `mlops model show`: everything that is known of a version. */
export const run: CommandRun = async (context, input) => {
  const [model = '', version = ''] = input.args;
  const registry = await context.composition.registry();
  const record = await registry.version({ model, version, actor: currentActor() });
  const author = (await registry.names([record.author])).get(record.author) ?? record.author;
  return { exitCode: 0, data: dataOfVersion(record, author), text: textOfVersion(record, author) };
};
