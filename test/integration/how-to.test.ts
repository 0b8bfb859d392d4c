import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OFFSETS } from '../support/offsets.ts';
import { createStatusReader, type StatusReader } from '../support/rollouts.ts';
import { createProject, until, type Run, type TestProject } from '../support/stack.ts';
import { startTraffic, type Traffic } from '../support/traffic.ts';

const DOCS = join(import.meta.dirname, '../../docs');
/** Reference pages that are not run here: examples of the generated page are parsed, benches are run by hand. */
const NOT_RUN = ['cli', 'figures'];
/** The shipped steps with windows of seconds instead of half an hour. */
const DEPLOYMENT = `
canary:
  tick_seconds: 1
  warm_up_seconds: 1
  minimum_requests: 5
  observation_window_minutes: 0.03
  bake_minutes: 0.03
  max_deployment_hours: 1
profiles:
  brief: { initial_percentage: 5.0, max_percentage: 50.0, auto_rollback: true }
  fast: { observation_window_minutes: 0.02, tick_seconds: 1, warm_up_seconds: 1, minimum_requests: 5, bake_minutes: 0.02 }
judge: { max_error_rate: 0.03, absolute_tolerance: { errors: 0.02, slow: 0.05 }, required_metrics: [errors], response_time_floor_ms: 1000 }
`;

/** The commands of a page, to be run one after the other; none may be left over. */
interface Page {
  /** Runs the next command, which must end with this exit code. */
  next(exitCode: number): Promise<Run>;
  /** The next command, for a caller that runs it in its own way. */
  take(): string;
  left(): number;
}

/** Commands are run as they stand, but for ports that the page invents. */
describe('the commands of pages in docs', () => {
  let project: TestProject;
  let traffic: Traffic;
  let statuses: StatusReader;
  const endpoints: Record<string, string> = {};
  const finished: string[] = [];
  /** Of the request that a page is about. */
  let approvalId = '';

  beforeAll(async () => {
    project = await createProject(OFFSETS.howTo, null);
    statuses = createStatusReader(project, OFFSETS.howTo);
    for (const version of ['1.0.0', '1.1.0']) endpoints[version] = await project.startService(version);
    const targets = Object.entries(endpoints).map(([version, url]) => `"${version}": "${url}"`);
    await writeFile(
      join(project.root, 'config/deployment.yaml'),
      `${DEPLOYMENT}targets: { rag_api: { ${targets.join(', ')} } }\n`,
    );
    traffic = startTraffic({ url: project.gateway, model: 'rag_api', perSecond: 150 });
  });

  afterAll(async () => {
    await traffic?.stop();
    await statuses?.close();
    await project?.remove();
  });

  const open = (name: string): Page => {
    const commands = commandsOf(name);
    const take = (): string => {
      const command = commands.shift();
      if (command === undefined) throw new Error(`${name} has no more commands`);
      return command
        .replace('http://127.0.0.1:9101', endpoints['1.0.0'] ?? '')
        .replace('http://127.0.0.1:9102', endpoints['1.1.0'] ?? '')
        .replace('apr-3f1c9a0b72de', approvalId);
    };
    finished.push(name);
    return {
      take,
      left: () => commands.length,
      next: async (exitCode) => {
        const command = take();
        const words = wordsOf(command);
        const start = words.indexOf('mlops');
        const env = Object.fromEntries(words.slice(0, start).map((word) => word.split('=') as [string, string]));
        const run = await project.mlops(words.slice(start + 1), { env });
        expect(run.code, `${command}\n${run.stdout}${run.stderr}`).toBe(exitCode);
        return run;
      },
    };
  };
  /** Runs a program of examples/ to its end, and gives the lines of JSON that it prints. */
  const runExample = async (name: string, args: readonly string[]): Promise<Record<string, unknown>[]> => {
    const program = join(import.meta.dirname, `../../examples/${name}.ts`);
    const env = { ...process.env, MLOPS_PORT_OFFSET: String(OFFSETS.howTo) };
    const child = spawn(process.execPath, [program, ...args], { cwd: project.root, env });
    let [text, problem] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (problem += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code, problem).toBe(0);
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const status = async () => await statuses.of('rag_api');
