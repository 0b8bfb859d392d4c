import type { PoolClient } from 'pg';
import type { TrafficRouter } from '../../../activities/ports.ts';
import type { BoundContent } from '../../../domain/registry/bound-content.ts';
import type { ArtifactSignatures, ArtifactStore } from '../../../domain/registry/artifact.ts';
import type { RegistryPolicy } from '../../../domain/registry/policy.ts';
import type { EvidenceParts } from '../rollout-store.ts';

/** What must have been approved. */
export interface ApprovalOrder {
  readonly approvalId: string;
  readonly kind: 'stage-promotion' | 'protected-alias';
  /** As domain/registry/resource-names.ts names it. */
  readonly resource: string;
  readonly bound: BoundContent;
  /** The event of the change. */
  readonly sequence?: number;
}

/** Port: what people have approved. Asked inside the transaction of the change, through its client. */
export interface GrantedApprovals {
  /** Returns the principal ids of who approved; throws a coded refusal when it is not granted for exactly this. */
  assertGranted(client: PoolClient, order: ApprovalOrder): Promise<{ readonly approvers: readonly string[] }>;
}

/** What the registry is made of. */
export interface RegistryParts extends EvidenceParts {
  /** Stages and aliases are those of one environment. */
  readonly environment: string;
  readonly store: ArtifactStore;
  readonly signatures: ArtifactSignatures;
  readonly approvals: GrantedApprovals;
  readonly policy: RegistryPolicy;
  /** Hosts on which a version may answer. */
  readonly endpointHosts: readonly string[];
  /** Who says where the users are. */
  readonly router: Pick<TrafficRouter, 'observe'>;
  /** Has the approvals of a model that wait look again: a version has left. They look by themselves too, later. Never throws. */
  readonly wakeApprovals: (model: string) => Promise<void>;
  /** Chance that a reading is an event itself, 0 to 1. */
  readonly readSample: number;
}
