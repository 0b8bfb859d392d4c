import type { CommandSpec, OptionSpec } from '../command.ts';

const MODEL: OptionSpec = {
  flags: '--model <name>',
  description: 'the model (default: model_name of monitoring.yaml)',
};
const REASON: OptionSpec = { flags: '--reason <text>', description: 'why; it is recorded' };
const ORDER: readonly OptionSpec[] = [
  MODEL,
  { flags: '--to <version>', description: 'the version to roll out' },
  { flags: '--from <version>', description: 'the version it replaces (default: the one that is live)' },
  { flags: '--profile <name>', description: 'profile of deployment.yaml', default: 'default' },
  { flags: '--endpoint <version=url>', description: 'where a version answers; may be repeated', repeatable: true },
  {
    flags: '--gate <percent>',
    description: 'wait for an approval before this weight; may be repeated',
    repeatable: true,
  },
  REASON,
];

function action(name: string, summary: string, options: readonly OptionSpec[], load: CommandSpec['load']): CommandSpec {
  return {
    name: `rollout ${name}`,
    summary,
    options: [MODEL, REASON, ...options],
    changes: true,
    examples: [`mlops rollout ${name} --model rag_api`],
    load,
  };
}

/** Verbs of `mlops rollout`. */
export const ROLLOUT_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'rollout start',
    summary: 'roll a version out, or attach to the equal rollout that is running, and watch it to its end',
    options: [
      ...ORDER,
      { flags: '--supersede', description: 'end a rollout of another version first: weight 0, verified, then start' },
      { flags: '--detach', description: 'return once it is started' },
    ],
    examples: [
      'mlops rollout start --model rag_api --to 1.1.0 --profile fast',
      'mlops rollout start --to 1.1.0 --endpoint 1.1.0=http://127.0.0.1:9102 --timeout 2h',
    ],
    changes: true,
    waits: true,
    load: () => import('../commands/rollout/start.ts'),
  },
  {
    name: 'rollout plan',
    summary: 'show the steps a start would take, changing nothing',
    options: ORDER,
    examples: ['mlops rollout plan --model rag_api --to 1.1.0'],
    load: () => import('../commands/rollout/plan.ts'),
  },
  {
    name: 'rollout status',
    summary: 'where the newest rollout of a model stands',
    options: [MODEL],
    examples: ['mlops rollout status --model rag_api -o json'],
    load: () => import('../commands/rollout/status.ts'),
  },
  {
    name: 'rollout watch',
    summary: 'show a rollout until it ends',
    options: [MODEL],
    examples: ['mlops rollout watch --model rag_api'],
    waits: true,
    load: () => import('../commands/rollout/watch.ts'),
  },
  {
    name: 'rollout list',
    summary: 'rollouts of this environment, newest first',
    options: [MODEL],
    examples: ['mlops rollout list'],
    load: () => import('../commands/rollout/list.ts'),
  },
  {
    name: 'rollout explain',
    summary: 'say in words why it stands where it stands and what would change that',
    options: [MODEL],
    examples: ['mlops rollout explain --model rag_api'],
    load: () => import('../commands/rollout/explain.ts'),
  },
  action(
    'approve',
    'let a gate or a review pass; in production as one of those who have to agree',
    [],
    () => import('../commands/rollout/approve.ts'),
  ),
  action('deny', 'refuse a gate or a review: rolls back', [], () => import('../commands/rollout/deny.ts')),
  action(
    'pause',
    'freeze the weight; analysis goes on and a breach is acted on all the same',
    [],
    () => import('../commands/rollout/pause.ts'),
  ),
  action('resume', 'end a pause', [], () => import('../commands/rollout/resume.ts')),
  action(
    'promote',
    'leave a running step now, whatever it misses, or pass the gate it waits at; in production others approve what it skips; recorded as an override',
    [
      { flags: '--full', description: 'straight to 100 %: past every step, pause and gate that is left' },
      { flags: '--confirm <model>', description: 'needed in production: the model again' },
    ],
    () => import('../commands/rollout/promote.ts'),
  ),
  action('abort', 'end it: weight 0, verified', [], () => import('../commands/rollout/abort.ts')),
  {
    name: 'rollout receipt',
    summary: 'everything that was decided and on what evidence; --verify decides it again offline',
    options: [
      MODEL,
      { flags: '--key <rolloutKey>', description: 'an older rollout (see `mlops rollout list`)' },
      { flags: '--out <file>', description: 'write it as JSON' },
      { flags: '--html <file>', description: 'write it as one HTML page' },
      { flags: '--verify <file>', description: 'recompute every decision of a receipt file, without any server' },
      {
        flags: '--ledger <file>',
        description: 'with --verify: an export (`mlops audit export`) that must have all the receipt says',
      },
      {
        flags: '--keys <file>',
        description: "with --ledger: trusted keys; may be repeated (default: the project's own)",
        repeatable: true,
      },
    ],
    examples: [
      'mlops rollout receipt --model rag_api --out receipt.json --html receipt.html',
      'mlops rollout receipt --verify receipt.json',
      'mlops rollout receipt --verify receipt.json --ledger ledger.jsonl',
    ],
    load: () => import('../commands/rollout/receipt.ts'),
  },
  {
    name: 'rollout calibrate',
    summary: 'fit the noise of a service to its own history and choose the assumption that keeps the error budget',
    options: [
      MODEL,
      { flags: '--write', description: 'write it to config/deployment.yaml under `models`' },
      { flags: '--since <time>', description: 'recorded looks since a date (2026-11-01) or for a while (7d)' },
      { flags: '--metric <name>', description: 'errors or slow; may be repeated (default: both)', repeatable: true },
      { flags: '--input <file>', description: 'history as JSON lines instead of the recorded looks; - is stdin' },
      { flags: '--run', description: 'first split the stable version against itself and collect looks (an A/A run)' },
      { flags: '--minutes <number>', description: 'how long it does, minutes (default: 120)' },
      { flags: '--share <percent>', description: 'share of the users on its second arm (default: 50)' },
      { flags: '--detach', description: 'return once it is started' },
      { flags: '--from <version>', description: 'the version to split, where none is live yet' },
      { flags: '--endpoint <version=url>', description: 'where it answers', repeatable: true },
      REASON,
    ],
    examples: [
      'mlops rollout calibrate --model rag_api',
      'mlops rollout calibrate --model rag_api --run --minutes 600 --detach',
      'mlops rollout calibrate --model rag_api --since 7d --write',
      'mlops rollout calibrate --input history.jsonl -o json',
    ],
    changes: true,
    waits: true,
    load: () => import('../commands/rollout/calibrate.ts'),
  },
  {
    name: 'rollout replay',
    summary: 'judge recorded streams offline, one line per stream (docs/reference/replay.md)',
    options: [
      { flags: '--input <file>', description: 'JSON lines; - is stdin', default: '-' },
      { flags: '--every-tick', description: 'print the state after every tick' },
    ],
    examples: ['mlops rollout replay --input streams.jsonl -o jsonl'],
    load: () => import('../commands/rollout/replay.ts'),
  },
];
