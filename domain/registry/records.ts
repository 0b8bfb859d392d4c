import type { BoundContent } from './bound-content.ts';
import type { Registration } from './registration.ts';
import type { Stage } from './stages.ts';

/** A registered version as its readers have it, in one environment. */
export interface VersionRecord {
  /** Opaque; never changes, never given to another. */
  readonly id: string;
  /** Counts the versions of a model from 1; never used again, also not after a retirement. */
  readonly ordinal: number;
  /** As it was registered. */
  readonly registration: Registration;
  /** Digest of the registration's canonical text. */
  readonly contentDigest: string;
  /** As they are now: these may be changed. */
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly artifactBytes: number | null;
  readonly artifactFiles: number | null;
  /** When its artifact was last compared with its digest, and what was wrong with it then. */
  readonly verifiedAt: string | null;
  readonly artifactProblem: string | null;
  readonly environment: string;
  /** Where it stands. */
  readonly stage: Stage;
  /** Where somebody wants it, for which an approval is missing. */
  readonly requestedStage: Stage | null;
  readonly aliases: readonly string[];
  /** Base URL where it answers in this environment; null: it is not known. */
  readonly endpoint: string | null;
  /** Principal id of who registered it. */
  readonly author: string;
  /** ISO 8601, UTC */
  readonly registeredAt: string;
  readonly retiredAt: string | null;
}

/** A model: what its versions have in common. */
export interface ModelRecord {
  readonly id: string;
  readonly name: string;
  readonly versions: number;
  /** By precedence, of those that were not retired; null when there is none. */
  readonly newest: string | null;
  /** In production in the environment asked about. */
  readonly production: string | null;
  readonly createdAt: string;
  readonly changedAt: string;
}

/** What a registration came to. */
export interface RegisteredVersion {
  readonly version: VersionRecord;
  /** False: it was registered before, with the same content. */
  readonly isNew: boolean;
}

/** One page of a list; `cursor` is null on the last one, and else names where the next one begins. */
export interface VersionPage {
  readonly versions: readonly VersionRecord[];
  readonly cursor: string | null;
}

export interface ModelPage {
  readonly models: readonly ModelRecord[];
  readonly cursor: string | null;
}

/** What a change of a stage or an alias came to. */
export interface StageOutcome {
  readonly version: VersionRecord;
  /** Where it stood before; equal to where it stands when nothing was changed. */
  readonly from: Stage;
  /** The version that was in production before and is in staging now. */
  readonly replaced: string | null;
  /** What must be approved before it happens; null when nothing is missing. */
  readonly awaiting: AwaitedApproval | null;
}

/** What an alias means now, and meant before. */
export interface AliasOutcome {
  readonly alias: string;
  readonly version: string | null;
  readonly before: string | null;
  readonly awaiting: AwaitedApproval | null;
}

/** Where a version answers now, and did before. */
export interface EndpointOutcome {
  readonly version: string;
  readonly endpoint: string | null;
  readonly before: string | null;
}

/** Tags of a version, or of a model, now and before. */
export interface TagOutcome {
  readonly model: string;
  /** Null: they are the model's. */
  readonly version: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly before: Readonly<Record<string, string>>;
}

/** What a version, or a model, is in words, now and before. */
export interface DescribeOutcome {
  readonly model: string;
  /** Null: it is the model's. */
  readonly version: string | null;
  readonly description: string;
  readonly before: string;
}

/** An approval that is missing: for what, and bound to which content. */
export interface AwaitedApproval {
  /** The request that was opened for it; absent when none was. */
  readonly approvalId?: string;
  readonly kind: 'stage-promotion' | 'protected-alias';
  readonly resource: string;
  readonly bound: BoundContent;
}

/** One transition of a version. */
export interface StageChangeRecord {
  readonly change: number;
  /** A model that is made again under the name of one that ended is another one. */
  readonly modelId: string;
  readonly version: string;
  readonly act: 'promoted' | 'gone-back' | 'replaced' | 'demoted' | 'retired';
  readonly from: Stage;
  readonly to: Stage;
  /** ISO 8601, UTC */
  readonly at: string;
  /** Principal ids. */
  readonly actor: string;
  readonly approvers: readonly string[];
  readonly approvalId: string | null;
  readonly bound: BoundContent | null;
  /** Its event in the ledger; of what was imported, that of the import. */
  readonly ledgerSequence: number;
  /** It happened elsewhere, by what an imported file says: the ledger of here does not prove it. */
  readonly isImported: boolean;
}

/** What a verification found. */
export interface VerifiedArtifact {
  readonly version: VersionRecord;
  readonly digest: string;
  readonly ok: boolean;
  readonly problem: string | null;
  readonly bytes: number;
  /** Who of those who are known has signed it, for people; null when nobody has, or something is wrong */
  readonly signer: string | null;
}

export interface HistoryPage {
  readonly changes: readonly StageChangeRecord[];
  /** Where the next page begins; null on the last one. */
  readonly cursor: number | null;
}

/** What an import came to. */
export interface ImportReport {
  /** Rows that were written. */
  readonly rows: number;
  /** False: the registry held exactly this already. */
  readonly isNew: boolean;
}
