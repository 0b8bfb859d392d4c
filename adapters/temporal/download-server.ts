import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Lets the SDK fetch its own server; false when that is not possible (no way out to its site). */
export async function downloadServer(target: string, version: string, say: (line: string) => void): Promise<boolean> {
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(dirname(target), 'download-'));
  try {
    const { TestWorkflowEnvironment } = await import('@temporalio/testing');
    const env = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'cached-download', version: `v${version}`, downloadDir: folder } },
    });
    await env.teardown();
    const [file] = await readdir(folder);
    if (file === undefined) return false;
    await chmod(join(folder, file), 0o755);
    await rename(join(folder, file), target);
    return true;
  } catch (error) {
    say(
      `Temporal server: no download possible (${error instanceof Error ? error.message.split('\n')[0] : String(error)})`,
    );
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
