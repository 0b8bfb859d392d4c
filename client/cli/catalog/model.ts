import { DEPENDENCY_KINDS } from '../../../domain/registry/dependency.ts';
import { MODEL_TYPES } from '../../../domain/registry/model-types.ts';
import { STAGES } from '../../../domain/registry/stages.ts';
import type { CommandSpec } from '../command.ts';

const MODEL = { name: '<model>', description: 'its name' };
const VERSION = { name: '<version>', description: 'a version, or an alias that means one' };

const REASON = { flags: '--reason <text>', description: 'why; sealed, and in the ledger by a commitment' };
const APPROVAL = { flags: '--approval <id>', description: 'the approval it is done by; each is good for one change' };

/** Verbs of `mlops model`. */
export const MODEL_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'model register',
    summary: 'register a version, once: the same content again changes nothing',
    arguments: [
      { name: '[model]', description: 'its name; goes before that of the manifest' },
      { name: '[version]', description: 'Semantic Versioning; goes before that of the manifest' },
    ],
    options: [
      { flags: '--file <manifest>', description: 'YAML or JSON; what is typed beside it goes before what it says' },
      { flags: '--type <type>', description: MODEL_TYPES.join(', '), choices: MODEL_TYPES },
      { flags: '--artifact <path>', description: 'file or folder with the model; without one it stays in development' },
      {
        flags: '--stage <stage>',
        description: 'production: note that it is wanted there; it is registered in development all the same',
        choices: ['development', 'production'],
      },
      {
        flags: '--metadata <key=value>',
        description: 'what its type needs, and more; may be repeated',
        repeatable: true,
      },
      {
        flags: '--metric <name=value>',
        description:
          'a measured figure, with unit and direction where the name does not say them: fluency=4.2:points:higher; may be repeated',
        repeatable: true,
      },
      { flags: '--tag <key=value>', description: 'may be repeated', repeatable: true },
      {
        flags: '--dependency <kind=target>',
        description: `what it rests on, of kind ${DEPENDENCY_KINDS.join(', ')}; may be repeated`,
        repeatable: true,
      },
      { flags: '--dataset <name>', description: 'what it was trained or built on; may be repeated', repeatable: true },
      { flags: '--code-commit <commit>', description: 'the code that made it' },
      { flags: '--base-model <name>', description: 'the model it was made from, registered here or not' },
      { flags: '--index-version <name>', description: 'the index that a retriever searches' },
      { flags: '--description <text>', description: 'what it is' },
      { flags: '--approval-required', description: 'its step to staging needs an approval, too' },
    ],
    examples: [
      'mlops model register rag_embeddings 2.1.0 --type embedding --metadata dimension=768 --metadata distance=cosine --metadata tokenizer=bert-base-uncased --metric recall_at_5=0.89',
      'mlops model register --file examples/models/rag_api.yaml',
    ],
    changes: true,
    load: () => import('../commands/model/register.ts'),
  },
  {
    name: 'model show',
    summary: 'everything that is known of a version',
    arguments: [MODEL, VERSION],
    options: [{ flags: '--bom', description: 'print a bill of materials instead: CycloneDX 1.6, with a model card' }],
    examples: [
      'mlops model show rag_api 1.1.0',
      'mlops model show rag_api champion -o json',
      'mlops model show rag_api 1.1.0 --bom',
    ],
    load: () => import('../commands/model/show.ts'),
  },
  {
    name: 'model list',
    summary: 'models by name, or the versions of one, highest first',
    arguments: [{ name: '[model]', description: 'list its versions' }],
    options: [
      { flags: '--stage <stage>', description: 'only versions that stand there', choices: STAGES },
      { flags: '--all', description: 'also what was retired' },
      { flags: '--limit <n>', description: 'at most so many', default: '50' },
      { flags: '--after <name>', description: 'go on after this model or version' },
    ],
    examples: ['mlops model list', 'mlops model list rag_api --stage staging'],
    load: () => import('../commands/model/list.ts'),
  },
  {
    name: 'model promote',
    summary: 'one stage up: development, staging, production; into production with an approval',
    arguments: [MODEL, { name: '[version]', description: 'a version, or an alias that means one' }],
    options: [
      { flags: '--to <stage>', description: 'default: the next one', choices: ['staging', 'production'] },
      APPROVAL,
      {
        flags: '--expect <version>',
        description:
          'what must be in production now, or none; when it is not, nothing happens (default: what is there)',
      },
      { flags: '--previous', description: 'back to the last production version that can be verified' },
      REASON,
    ],
    examples: [
      'mlops model promote rag_api 1.1.0 --to staging',
      'mlops model promote rag_api 1.1.0 --to production --approval 7f3a --expect 1.0.0',
      'mlops model promote rag_api --previous --reason "1.1.0 misses documents"',
    ],
    changes: true,
    load: () => import('../commands/model/promote.ts'),
  },
  {
    name: 'model demote',
    summary: 'one stage back, while no users are served by it, or deprecated: still served, not for new use',
    arguments: [MODEL, VERSION],
    options: [
      { flags: '--to <stage>', description: 'default: one back', choices: ['development', 'staging', 'deprecated'] },
      REASON,
    ],
    examples: ['mlops model demote rag_api 1.1.0', 'mlops model demote rag_api 1.0.0 --to deprecated'],
    changes: true,
    load: () => import('../commands/model/demote.ts'),
  },
  {
    name: 'model retire',
    summary: 'out of use for good, unless users or other versions need it; its evidence stays',
    arguments: [MODEL, VERSION],
    options: [REASON, { flags: '--yes', description: 'do not ask' }],
    examples: ['mlops model retire rag_api 1.0.0 --reason "replaced by 1.1.0" --yes'],
    changes: true,
    load: () => import('../commands/model/retire.ts'),
  },
  {
    name: 'model alias',
    summary: 'make a name mean a version; production, champion and configured ones need an approval',
    arguments: [
      MODEL,
      { name: '<alias>', description: 'the name' },
      { name: '[version]', description: 'what it is to mean' },
    ],
    options: [{ flags: '--remove', description: 'make it mean nothing' }, APPROVAL, REASON],
    examples: ['mlops model alias rag_api candidate 1.1.0', 'mlops model alias rag_api candidate --remove'],
    changes: true,
    load: () => import('../commands/model/alias.ts'),
  },
  {
    name: 'model endpoint',
    summary: 'say where a version answers here: the next rollout goes there',
    arguments: [MODEL, VERSION, { name: '[url]', description: 'its base URL, on a host of endpoint_allow_list' }],
    options: [{ flags: '--remove', description: 'it answers nowhere any more' }, REASON],
    examples: [
      'mlops model endpoint rag_api 1.1.0 http://127.0.0.1:9102',
      'mlops model endpoint rag_api 1.0.0 --remove --reason "switched off"',
    ],
    changes: true,
    load: () => import('../commands/model/endpoint.ts'),
  },
  {
    name: 'model tag',
    summary: 'set tags of a version, or of the model where none is named, and take others away',
    arguments: [MODEL, { name: '[version]', description: 'a version, or an alias that means one' }],
    options: [
      { flags: '--set <key=value>', description: 'may be repeated', repeatable: true },
      { flags: '--unset <key>', description: 'may be repeated', repeatable: true },
    ],
    examples: [
      'mlops model tag rag_api 1.1.0 --set team=search --unset draft',
      'mlops model tag rag_api --set owner=retrieval',
    ],
    changes: true,
    load: () => import('../commands/model/tag.ts'),
  },
  {
    name: 'model describe',
    summary: 'say what a version is in words, or the model where none is named',
    arguments: [MODEL, { name: '[version]', description: 'a version, or an alias that means one' }],
    options: [{ flags: '--text <text>', description: 'what it is; sealed in the ledger; empty: nothing' }],
    examples: ['mlops model describe rag_api 1.1.0 --text "hybrid retrieval, words and vectors"'],
    changes: true,
    load: () => import('../commands/model/describe.ts'),
  },
  {
    name: 'model verify',
    summary: 'read the artifact again and compare it with what was registered',
    arguments: [MODEL, VERSION],
    examples: ['mlops model verify rag_api 1.1.0'],
    load: () => import('../commands/model/verify.ts'),
  },
  {
    name: 'model history',
    summary: 'which version was in which stage when, and by whose approval',
    arguments: [MODEL],
    options: [
      { flags: '--at <time>', description: 'what was in production then: 2026-11-01, or 2026-11-01T10:00:00Z' },
      { flags: '--limit <n>', description: 'at most so many', default: '50' },
      { flags: '--after <n>', description: 'go on after this change' },
    ],
    examples: ['mlops model history rag_api', 'mlops model history rag_api --at 2026-11-01'],
    load: () => import('../commands/model/history.ts'),
  },
  {
    name: 'model lineage',
    summary: 'what a version rests on, or what rests on it',
    arguments: [
      { name: '[model]', description: 'its name' },
      { name: '[version]', description: 'a version, or an alias that means one' },
    ],
    options: [
      { flags: '--upstream', description: 'what it rests on (the default)' },
      { flags: '--downstream', description: 'what rests on it, and would be hit by its end' },
      { flags: '--depth <n>', description: 'steps at most', default: '10' },
      { flags: '--target <kind=name>', description: 'begin at something that is not registered: dataset=wiki-2026-10' },
      { flags: '--add <kind=target>', description: 'add what the version rests on, when that becomes known later' },
    ],
    examples: [
      'mlops model lineage rag_api 1.1.0',
      'mlops model lineage --target dataset=wiki-2026-10 --downstream',
      'mlops model lineage rag_api 1.1.0 --add dataset=wiki-2026-10',
    ],
    changes: true,
    load: () => import('../commands/model/lineage.ts'),
  },
  {
    name: 'model export',
    summary: 'the whole registry as lines of JSON, without artifacts',
    options: [{ flags: '--out <file>', description: 'write a file (default: standard output)' }],
    examples: ['mlops model export --out registry.jsonl'],
    load: () => import('../commands/model/export.ts'),
  },
  {
    name: 'model import',
    summary:
      'take an export into an empty registry, or versions over from a registry of MLflow; again, it changes nothing',
    arguments: [{ name: '[file]', description: 'the export; - reads standard input' }],
    options: [
      {
        flags: '--from-mlflow [url]',
        description: 'what is registered there, without its content; without a URL: MODEL_REGISTRY_URL',
      },
      {
        flags: '--conflicts',
        description: 'take nothing over: list what could not be, and what mends it',
      },
    ],
    examples: [
      'mlops model import registry.jsonl',
      'mlops model import --from-mlflow https://mlflow.example.com',
      'mlops model import --conflicts',
    ],
    changes: true,
    load: () => import('../commands/model/import.ts'),
  },
];
