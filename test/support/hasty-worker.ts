// A worker whose workflows wait for no timer: `node hasty-worker.ts FOLDER PORT_OFFSET`. Weeks of a ramp take minutes.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { loadConfig } from '../../config/load.ts';
import { runWorker } from '../../workers/worker.ts';

const [folder = '.', portOffset = '0'] = process.argv.slice(2);
const { config } = loadConfig({ env: {}, workingDirectory: folder, portOffset: Number(portOffset) });
const { code } = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
  workflowInterceptorModules: [fileURLToPath(new URL('hasty-interceptors.ts', import.meta.url))],
});
const bundle = join(config.stateDirectory, 'cache', `hasty-${process.pid}.js`);
await writeFile(bundle, code);
await runWorker(config, { bundle });
