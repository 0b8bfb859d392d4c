import { DefaultFailureConverter } from '@temporalio/common';

/** Messages and stacks of failures are encrypted like payloads (architecture D12). Loaded into workflows by path. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
