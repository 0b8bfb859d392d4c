import type { CommandSpec } from '../command.ts';

/** The local stack, and verbs without a noun. */
export const STACK_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'setup',
    summary: 'make what the local stack needs: folders, keys, the Temporal server, the database',
    options: [
      {
        flags: '--database-roles',
        description:
          'make the roles of processes in the database of DATABASE_URL; its login must be allowed to make roles',
      },
    ],
    changes: true,
    examples: ['mlops setup', 'mlops setup --database-roles'],
    load: () => import('../commands/setup.ts'),
  },
  {
    name: 'up',
    summary: 'start what is missing of the local stack and wait until it is ready',
    options: [
      { flags: '--detach', description: 'return when everything is ready; it goes on in the background' },
      { flags: '--port-offset <n>', description: 'add this to every port; remembered' },
    ],
    examples: ['mlops up --detach', 'mlops up --detach --port-offset 100'],
    changes: true,
    load: () => import('../commands/up.ts'),
  },
  {
    name: 'down',
    summary: 'stop the local stack, in order',
    changes: true,
    examples: ['mlops down'],
    load: () => import('../commands/down.ts'),
  },
  {
    name: 'status',
    summary: 'probe every part of the system now',
    examples: ['mlops status -o json'],
    load: () => import('../commands/status.ts'),
  },
  {
    name: 'doctor',
    summary: 'check this machine and say what mends each problem',
    options: [{ flags: '--fix', description: 'mend what can be mended' }],
    examples: ['mlops doctor'],
    load: () => import('../commands/doctor.ts'),
  },
  {
    name: 'clean',
    summary: 'stop the stack and remove its state',
    options: [{ flags: '--yes', description: 'do not ask' }],
    changes: true,
    examples: ['mlops clean --yes'],
    load: () => import('../commands/clean.ts'),
  },
  {
    name: 'demo',
    summary:
      'the main job on real parts: rollouts through crashes, versions and their approvals, evidence; about 4 minutes',
    options: [
      {
        flags: '--only <part>',
        description: 'one part of it; registry takes a minute',
        choices: ['rollouts', 'registry'],
      },
    ],
    examples: ['mlops demo', 'mlops demo --only registry'],
    changes: true,
    load: () => import('../commands/demo.ts'),
  },
  {
    name: 'benchmark quality',
    summary: 'what versions of a retrieval service find of what they should: recall, MRR, nDCG, latency',
    options: [
      { flags: '--endpoint <version=url>', description: 'a service that runs; may be repeated', repeatable: true },
      {
        flags: '--release <version>',
        description: 'a release of examples/rag-service, started for this; may be repeated',
        repeatable: true,
      },
      { flags: '--queries <file>', description: 'labelled queries as JSON lines (default: those of the example)' },
      { flags: '--limit <n>', description: 'ask only the first n', default: '3000' },
    ],
    examples: ['mlops benchmark quality', 'mlops benchmark quality --release 1.1.0 --limit 300 -o md'],
    load: () => import('../commands/benchmark/quality.ts'),
  },
  {
    name: 'rollback',
    summary: 'emergency: all traffic to the stable version now; needs nothing but the gateway',
    arguments: [{ name: '[model]', description: 'default: model_name of monitoring.yaml' }],
    options: [
      { flags: '--model <name>', description: 'the model' },
      { flags: '--reason <text>', description: 'why; it is journaled' },
    ],
    examples: ['mlops rollback rag_api --reason "customers see errors"'],
    changes: true,
    goesOnWithoutConfiguration: true,
    load: () => import('../commands/rollback.ts'),
  },
  {
    name: 'config show',
    summary: 'the configuration in force',
    options: [{ flags: '--origin', description: 'say where each value comes from' }],
    examples: ['mlops config show --origin'],
    load: () => import('../commands/config/show.ts'),
  },
  {
    name: 'completion',
    summary: 'shell completion',
    arguments: [{ name: '<shell>', description: 'bash, zsh or fish' }],
    examples: ['source <(mlops completion bash)'],
    load: () => import('../commands/completion.ts'),
  },
  {
    name: 'worker',
    summary: 'run a worker in the foreground',
    examples: ['mlops worker'],
    load: () => import('../commands/worker.ts'),
  },
  {
    name: 'api',
    summary: 'run the API in the foreground: health, metrics, codec',
    examples: ['mlops api'],
    load: () => import('../commands/api.ts'),
  },
  {
    name: 'gateway',
    summary: 'run the built-in gateway in the foreground',
    examples: ['mlops gateway'],
    load: () => import('../commands/gateway.ts'),
  },
];
