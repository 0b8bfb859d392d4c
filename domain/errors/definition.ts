/**
 * One row of the error registry.
 *
 * `message` names the failed action, a colon, the current value and the wanted one; `remedy` is an imperative with the
 * exact command, key or file. Both may hold {details}. `retryable` says whether the same call may succeed later.
 * `exitCode` is the process exit code of contract §2 (1 ours or a dependency, 2 usage, 3 gate, 4 not authorised,
 * 5 still running, 6 waiting for a human, 7 cannot know).
 */
export interface ErrorDefinition {
  readonly message: string;
  readonly remedy: string;
  readonly retryable: boolean;
  readonly exitCode: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 130;
}
