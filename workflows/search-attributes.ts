import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** Typed search attributes of contract §5; registered by `mlops setup`. */
export const MLOPS_SEARCH_ATTRIBUTES = {
  model: defineSearchAttributeKey('MlopsModel', SearchAttributeType.KEYWORD),
  version: defineSearchAttributeKey('MlopsVersion', SearchAttributeType.KEYWORD),
  environment: defineSearchAttributeKey('MlopsEnvironment', SearchAttributeType.KEYWORD),
  phase: defineSearchAttributeKey('MlopsPhase', SearchAttributeType.KEYWORD),
  verdict: defineSearchAttributeKey('MlopsVerdict', SearchAttributeType.KEYWORD),
  weight: defineSearchAttributeKey('MlopsWeight', SearchAttributeType.INT),
  needsApproval: defineSearchAttributeKey('MlopsNeedsApproval', SearchAttributeType.BOOL),
} as const;
