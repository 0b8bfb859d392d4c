import type { CommandRun } from '../command.ts';
import { renderTable } from '../render-table.ts';

/** `mlops status`: probes every part now; exit 1 when something needed is down. */
export const run: CommandRun = async (context) => {
  const status = await (await context.composition.stack()).status();
  if (!status.healthy)
    context.say('Something is down. Start what is missing with: mlops up --detach; what mends each: mlops doctor');
  // What a start does not mend has to be mended first.
  for (const { name, fix } of status.parts)
    if (fix !== null && !fix.startsWith('mlops up')) context.say(`${name}: ${fix}`);
  const rows = status.parts.map((part) => [part.name, part.state, String(part.pid ?? '-'), part.address, part.detail]);
  return {
    exitCode: status.healthy ? 0 : 1,
    data: status,
    text: renderTable(['PART', 'STATE', 'PID', 'ADDRESS', 'DETAIL'], rows),
  };
};
