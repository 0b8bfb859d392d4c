/** The table "who may import whom" of ARCHITECTURE.md as rules. Each comment is the hint a violation prints. */
const only = (name, from, allowed, comment, { typeOnly = [] } = {}) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: {
    pathNot: [...allowed, ...typeOnly],
    dependencyTypesNot: [],
  },
});

/** A folder that may be imported as types only. */
const typesOnly = (name, from, to, comment, fromNot = []) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from, pathNot: fromNot },
  to: { path: to, dependencyTypesNot: ['type-only'] },
});

const never = (name, from, to, comment, fromNot = []) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from, pathNot: fromNot },
  to: { path: to },
});

const nodeModule = (names) => `node_modules/(${names.join('|')})/`;

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Cut the circle: move the shared piece to a third file.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      comment: 'The module does not exist: fix the path or add the dependency to package.json.',
      from: {},
      to: { couldNotResolve: true },
    },
    only(
      'domain-is-pure',
      '^domain/',
      ['^domain/', nodeModule(['simple-statistics', 'ml-matrix'])],
      'domain is data in, data out: pass the clock, chance and I/O in as arguments.',
    ),
    only(
      'workflows-only-decide',
      '^workflows/',
      ['^workflows/', '^domain/', nodeModule(['@temporalio/workflow', '@temporalio/common'])],
      'Workflows decide: reads and writes belong in an activity; import activity types with `import type`.',
      { typeOnly: ['^activities/'] },
    ),
    typesOnly(
      'workflows-import-activities-as-types',
      '^workflows/',
      '^activities/',
      'Use `import type`: activity code must not enter the workflow bundle.',
    ),
    only(
      'activities-receive-ports',
      '^activities/',
      ['^activities/', '^domain/', nodeModule(['@temporalio/activity', '@temporalio/common'])],
      'Activities receive adapters through activities/ports.ts.',
      { typeOnly: ['^workflows/messages'] },
    ),
    typesOnly(
      'activities-import-messages-as-types',
      '^activities/',
      '^workflows/',
      'Use `import type` for workflow messages.',
    ),
    never(
      'adapters-know-no-caller',
      '^adapters/',
      '^(workflows|client|workers)/',
      'Adapters are called, they do not call: pass what they need in.',
    ),
    typesOnly(
      'adapters-see-ports-as-types',
      '^adapters/',
      '^(activities|config)/',
      'Use `import type` for ports and configuration types.',
    ),
    never(
      'config-stands-alone',
      '^config/',
      '^(workflows|activities|adapters|workers|client|examples)/',
      'config may import domain, zod and node:fs only.',
    ),
    never(
      'client-runs-no-activities',
      '^client/',
      '^activities/',
      'The client talks to workflows; share types through domain or workflows/messages.',
    ),
    never(
      'client-composes-in-one-place',
      '^client/',
      '^(adapters|workers)/',
      'Only client/cli/main.ts and client/cli/composition.ts construct adapters; elsewhere receive them.',
      ['^client/cli/(main|composition)\\.ts$'],
    ),
    typesOnly(
      'client-imports-workflows-as-types',
      '^client/',
      '^workflows/(?!messages|search-attributes)',
      'Use `import type` for workflows other than messages and search attributes.',
    ),
    never('workers-know-no-client', '^workers/', '^client/', 'workers compose everything but the client.'),
    never(
      'nobody-imports-examples',
      '^(domain|workflows|activities|adapters|workers|client|config)/',
      '^(examples|bench|test)/',
      'Examples, benches and tests are leaves.',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(node_modules/.*/node_modules|dist)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
