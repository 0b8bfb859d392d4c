/** Search attributes a server must know (contract §5). workflows/search-attributes.ts has the typed keys. */
export const SEARCH_ATTRIBUTES = [
  { name: 'MlopsModel', type: 'Keyword' },
  { name: 'MlopsVersion', type: 'Keyword' },
  { name: 'MlopsEnvironment', type: 'Keyword' },
  { name: 'MlopsPhase', type: 'Keyword' },
  { name: 'MlopsVerdict', type: 'Keyword' },
  { name: 'MlopsWeight', type: 'Int' },
  { name: 'MlopsNeedsApproval', type: 'Bool' },
] as const;
