// A worker that sends itself a signal (SIGKILL; SIGSTOP makes a zombie, once it is woken) at each moment of an activity that
// matches and that no worker has died at yet: `node dying-worker.ts FOLDER PORT_OFFSET DEATHS_FILE MOMENTS [SIGNAL]`.
// The moment is on disk before.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { loadConfig } from '../../config/load.ts';
import { runWorker } from '../../workers/worker.ts';
import { assembleWatched } from './kill-points.ts';

const [folder = '.', portOffset = '0', deathsFile = '', moments = '', signal = 'SIGKILL'] = process.argv.slice(2);
const { config } = loadConfig({ env: {}, workingDirectory: folder, portOffset: Number(portOffset) });
const known = new Set(existsSync(deathsFile) ? readFileSync(deathsFile, 'utf8').split('\n') : []);

await runWorker(config, { assemble: (ports) => assembleWatched(ports, dieOnce) });

async function dieOnce(moment: string): Promise<void> {
  if (known.has(moment) || !new RegExp(moments).test(moment) || moment.startsWith('outside')) return;
  known.add(moment);
  const file = openSync(deathsFile, 'a');
  writeSync(file, `${moment}\n`);
  fsyncSync(file);
  closeSync(file);
  process.kill(process.pid, signal);
  // The signal ends the process before the activity goes on; one that was only stopped goes on when it is woken.
  if (signal === 'SIGKILL') await new Promise(() => undefined);
}
