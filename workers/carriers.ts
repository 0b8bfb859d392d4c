import type { BoundContent, CarryOut } from '../activities/approval-ports.ts';
import type { ApprovalKind } from '../domain/registry/approval/request.ts';

/** Who carries out what, and who finds out what there is to approve, by kind of approval. */
export type Carriers = Partial<Record<ApprovalKind, Partial<BoundContent & CarryOut>>>;

/** What follows from approvals. A kind that nobody carries out here is used by who asked for it. */
export function composeCarriers(carriers: Carriers = {}): {
  readonly boundContent: BoundContent;
  readonly carryOut: CarryOut;
} {
  return {
    boundContent: {
      // What is gone is null, which is something else than nobody to ask.
      async assess(asked, before) {
        const source = carriers[asked.kind];
        return source?.assess === undefined ? 'unknown' : await source.assess(asked, before);
      },
      whyGone: async (asked) => (await carriers[asked.kind]?.whyGone?.(asked)) ?? null,
    },
    carryOut: {
      apply: async (approval) =>
        (await carriers[approval.kind]?.apply?.(approval)) ?? { isDone: false, what: 'used by who asked for it' },
    },
  };
}
