import { INDEX_SEED } from './dense.ts';

/** What one release of the service does. */
export interface Release {
  readonly version: string;
  /** `words` ranks by BM25 alone; `hybrid` adds dense vectors. */
  readonly retrieval: 'words' | 'hybrid';
  /** The seed its query vectors are made with; the index always has INDEX_SEED. */
  readonly querySeed: number;
  /** How much dense vectors count beside BM25. */
  readonly denseWeight: number;
  /** What is wrong with it. */
  readonly fault: Fault | null;
  readonly summary: string;
}

/** What a release may do wrong. */
export type Fault = 'errors' | 'slow' | 'grows' | 'dies-under-load' | 'errors-for-some';

/** Weight 4 was chosen on the tuning queries: recall@5 was 0.585 at 1, 0.594 at 3, 0.599 at 4, 0.594 at 8. */
const HYBRID = { retrieval: 'hybrid', querySeed: INDEX_SEED, denseWeight: 4, fault: null } as const;

const RELEASES: readonly Release[] = [
  { ...HYBRID, version: '1.0.0', retrieval: 'words', summary: 'BM25 without stemming' },
  { ...HYBRID, version: '1.1.0', summary: 'BM25 and dense vectors, standardised and added with weights' },
  { ...HYBRID, version: '1.1.1', denseWeight: 5, summary: 'as 1.1.0, dense vectors counting a little more' },
  { ...HYBRID, version: '1.2.0', fault: 'errors', summary: 'as 1.1.0, but 4 % of the answers are errors' },
  { ...HYBRID, version: '1.2.1', fault: 'slow', summary: 'as 1.1.0, but p95 is at least doubled' },
  {
    ...HYBRID,
    version: '1.2.2',
    querySeed: INDEX_SEED + 1,
    summary: 'as 1.1.0, but query vectors come from another space than the index: fast, 200 OK, and wrong',
  },
  { ...HYBRID, version: '1.2.3', fault: 'grows', summary: 'as 1.1.0, but every request keeps memory' },
  { ...HYBRID, version: '1.2.4', fault: 'dies-under-load', summary: 'as 1.1.0, but it dies under load' },
  { ...HYBRID, version: '1.2.5', fault: 'errors-for-some', summary: 'as 1.1.0, but one tenth of the users get errors' },
];

/** @throws Error naming the releases there are */
export function findRelease(version: string): Release {
  const release = RELEASES.find((one) => one.version === version);
  if (release) return release;
  throw new Error(`there is no release ${version}; wanted one of ${RELEASES.map((one) => one.version).join(', ')}`);
}
