// Where the stacks of the test files listen. Several files run at once, so no two may share a port.
const FIRST = 17_120;
/** Between two offsets that are a multiple of this apart, no two of the base ports meet; test/architecture asserts it. */
const STEP = 170;

const STACKS = [
  'registry',
  'registryStages',
  'registryLineage',
  'registryCommands',
  'mlflow',
  'mlflowClient',
  'mlflowImport',
  'webhooks',
  'demo',
  'faults',
  'workerDeaths',
  'howTo',
  'howToSecond',
  'howToThird',
  'network',
  'crashes',
  'behaviour',
  'breaches',
  'steps',
  'package',
  'calibrate',
  'gateway',
  'gatewayThatDies',
  'secondGateway',
  'emergency',
  'postgres',
  'ledger',
  'custody',
  'identity',
  'accessWatch',
  'production',
  'registrySaga',
  'approvalStore',
  'approvals',
  'databaseRoles',
  'nothing',
] as const;

/** Port offset of each; nothing ever listens at that of `nothing`. All ports are below the ephemeral ones. */
export const OFFSETS = Object.fromEntries(STACKS.map((name, index) => [name, FIRST + STEP * index])) as Readonly<
  Record<(typeof STACKS)[number], number>
>;
