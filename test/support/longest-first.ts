import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take the longest, longest first: begun last, one of them would run alone at the end. */
const LONG = [
  'chaos/worker-deaths',
  'chaos/faults',
  'chaos/demo',
  'integration/how-to',
  'chaos/rollout',
  'integration/rollout-behaviour',
  'integration/package',
  'chaos/registry-saga',
  'integration/production',
  'integration/mlflow-client',
  'integration/approvals',
  'integration/rollout-steps',
  'workflow/',
  'chaos/network',
  'integration/',
];

/** Begins with the files of {@link LONG}, so that those that run at once end at about the same time. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification): number => {
      const place = LONG.findIndex((part) => moduleId.includes(`/test/${part}`));
      return place === -1 ? LONG.length : place;
    };
    return await Promise.resolve(files.toSorted((a, b) => placeOf(a) - placeOf(b)));
  }
}
