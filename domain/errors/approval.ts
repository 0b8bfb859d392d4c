import type { ErrorDefinition } from './definition.ts';

/** Failures of approvals and of their links. */
export const APPROVAL_ERRORS = {
  APPROVAL_NOT_FOUND: {
    message: 'Approval {approvalId} is not there',
    remedy: 'List those that wait with `mlops approval list`',
    retryable: false,
    exitCode: 2,
  },
  APPROVAL_REFUSED: {
    message: '{action} of {approvalId} refused: {problem}',
    remedy: 'See who is asked, and for what: `mlops approval show {approvalId}`',
    retryable: false,
    exitCode: 4,
  },
  APPROVAL_UNANSWERED: {
    message:
      '{action} of {approvalId} got no answer within {seconds} s: no worker polls the queue {queue}, or its workflow was ended',
    remedy: 'Start the stack with `mlops up --detach`, then send it again: a decision counts once',
    retryable: true,
    exitCode: 1,
  },
  APPROVAL_NOT_GRANTED: {
    message: 'Approval {approvalId} does not allow {kind} of {resource}: {problem}',
    remedy: 'See what it lacks: `mlops approval show {approvalId}`',
    retryable: false,
    exitCode: 6,
  },
  APPROVAL_LINK_INVALID: {
    message: 'Link to decide is not valid: {problem}',
    remedy: 'Ask for another one: `mlops approval show <approval-id> --link`',
    retryable: false,
    exitCode: 4,
  },
  HAND_OVER_UNANSWERED: {
    message:
      '{what} was sent to the worker, which has not answered within {seconds} s: nobody may poll the queue {queue}',
    remedy: 'Start a worker (`mlops status` shows who polls), then run the command again',
    retryable: true,
    exitCode: 1,
  },
  DELEGATION_INVALID: {
    message: 'Delegation is not valid: {problem}',
    remedy: 'Name somebody else, and a time: `mlops approval delegate <principal> --for 3d`',
    retryable: false,
    exitCode: 2,
  },
} as const satisfies Record<string, ErrorDefinition>;
