import { WANTED_MODEL_NAME } from '../../model-name.ts';
import { VERSION_TAG } from './new-version.ts';

/** What keeps a version of another registry from being taken over. */
export type ConflictKind = 'number' | 'name' | 'tag' | 'source' | 'refused';

/** A version that could not be taken over. The others are; this one is tried again. */
export interface SourceConflict {
  /** Of the other registry. */
  readonly url: string;
  /** As it is called there. */
  readonly model: string;
  /** Its number there. */
  readonly ordinal: number;
  readonly kind: ConflictKind;
  /** Why, in words. */
  readonly problem: string;
  /** What mends it, in words. */
  readonly remedy: string;
  /** ISO 8601, UTC. */
  readonly foundAt: string;
  readonly triedAt: string;
}

const REMEDIES: Readonly<Record<ConflictKind, string>> = {
  number: `Give it a semantic version there that is free here, by the tag ${VERSION_TAG}`,
  name: `Rename the model there: ${WANTED_MODEL_NAME}`,
  tag: 'Change that tag there',
  source: 'Register it there again under another source, and delete this one',
  refused: 'Mend there or here what is said, or delete it there',
};

/** What mends a conflict. It is tried again by itself then. */
export function remedyOf(kind: ConflictKind): string {
  return REMEDIES[kind];
}
