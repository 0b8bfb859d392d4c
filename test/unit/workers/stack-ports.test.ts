import { mkdtempSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../config/load.ts';
import { describeTaken, findFreeOffset, findTakenPorts } from '../../../workers/stack-ports.ts';

const servers: Server[] = [];
// Far from the stacks of other tests, whose ports are 15,000 and more above the base.
const OFFSET = 1300;

/** The configuration of a stack that does not run. */
const configAt = (portOffset: number) =>
  loadConfig({ env: {}, workingDirectory: mkdtempSync(`${tmpdir()}/mlops-ports-`), portOffset }).config;

async function listen(port: number): Promise<void> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe('ports of a stack', () => {
  it('are told to be taken with their use, who holds them and where that runs', async () => {
    const config = configAt(OFFSET);
    // The Web UI of the stack 1,000 below listens where Temporal of this one would.
    expect(configAt(OFFSET - 1000).ports.temporalUi).toBe(config.ports.temporal);
    await listen(config.ports.temporal);
    const taken = await findTakenPorts(config);
    expect(taken).toHaveLength(1);
    const words = describeTaken(taken);
    expect(words).toContain(`${config.ports.temporal} (Temporal) is held by pid ${process.pid} (`);
    expect(words).toContain(` in ${process.cwd()}`);
  });

  it('are all named when several are taken', async () => {
    const config = configAt(OFFSET);
    await listen(config.ports.temporalUi);
    await listen(config.ports.api);
    const words = describeTaken(await findTakenPorts(config));
    expect(words).toContain(`${config.ports.api} (the API)`);
    expect(words).toContain(`${config.ports.temporalUi} (Temporal's Web UI)`);
  });

  it('are found free at the next offset at which nobody holds any', async () => {
    const config = configAt(OFFSET);
    expect(await findTakenPorts(config)).toEqual([]);
    await listen(configAt(OFFSET + 100).ports.postgres);
    expect(await findFreeOffset(config)).toBe(OFFSET + 200);
  });
});
