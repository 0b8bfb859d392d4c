// Runs every test, names those that failed, and ends with the plain line `N passed, N failed`. Exit code 1 when one failed, or none ran.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { startVitest } from 'vitest/node';

useOwnTemporaryFolder();

const vitest = await startVitest('test', process.argv.slice(2), { run: true, watch: false, reporters: ['default'] });
const modules = vitest.state.getTestModules();
const tests = modules.flatMap((module) => [...module.children.allTests()]);
const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
const brokenFiles = modules.filter(
  (module) =>
    module.state() === 'failed' && [...module.children.allTests()].every((test) => test.result().state !== 'failed'),
);
const passed = count('passed');
const failed = count('failed') + brokenFiles.length;
const skipped = count('skipped');
const unhandled = vitest.state.getUnhandledErrors().length;

// The end is all that is kept of a long output, so what failed is said there.
// A test process that does not end must not keep the result back.
await Promise.race([vitest.close(), sleep(30_000)]);
for (const test of tests) {
  const { state, errors } = test.result();
  if (state === 'failed') tell(`${test.module.relativeModuleId} > ${test.fullName}`, errors);
}
for (const module of brokenFiles) tell(module.relativeModuleId, errorsAround(module));
if (unhandled > 0) process.stdout.write(`${unhandled} unhandled errors\n`);
process.stdout.write(
  `${passed} passed, ${failed + (unhandled > 0 ? 1 : 0)} failed${skipped === 0 ? '' : `, ${skipped} skipped`}\n`,
);
process.exit(failed > 0 || unhandled > 0 || passed === 0 ? 1 : 0);

/** What tests, and whatever they start, leave in the temporary folder goes with it when the run ends. */
function useOwnTemporaryFolder(): void {
  // A short path: that of a socket may have a hundred characters.
  const folder = mkdtempSync(join(tmpdir(), 'mlops-'));
  // The database server runs as another user when tests run as root.
  chmodSync(folder, 0o755);
  process.env['TMPDIR'] = folder;
  process.on('exit', () => {
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 200 });
    } catch (error) {
      // Somebody who did not end still writes there: the result of the tests counts all the same.
      process.stderr.write(`${folder} is left: ${String(error)}\n`);
    }
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
}

/** What went wrong around the tests of a file: while it was read, or in what its groups do before and after. */
function errorsAround(module: (typeof modules)[number]): readonly { readonly message: string }[] {
  return [...module.errors(), ...[...module.children.allSuites()].flatMap((suite) => suite.errors())];
}

function tell(what: string, errors: readonly { readonly message: string }[]): void {
  const first = stripVTControlCharacters(errors[0]?.message ?? '').split('\n', 5);
  process.stdout.write(`FAILED ${what}\n  ${first.join('\n  ').slice(0, 800)}\n`);
}
