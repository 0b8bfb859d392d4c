import type { ErrorDefinition } from './definition.ts';

/** Failures of the model registry. */
export const REGISTRY_ERRORS = {
  REGISTRATION_INVALID: {
    message: 'Registration is not valid: {problems}',
    remedy: 'Mend what is named above; examples are in docs/how-to/register-a-model.md',
    retryable: false,
    exitCode: 2,
  },
  MANIFEST_INVALID: {
    message: 'Manifest {file} cannot be used: {problem}',
    remedy: 'Write it like examples/models/rag_api.yaml',
    retryable: false,
    exitCode: 2,
  },
  MODEL_NOT_FOUND: {
    message: 'Model {model} is not registered{near}',
    remedy: 'List those that are with `mlops model list`, or register it with `mlops model register`',
    retryable: false,
    exitCode: 2,
  },
  VERSION_NOT_FOUND: {
    message: 'Model {model} has no version {version}',
    remedy: 'List its versions with `mlops model list {model}`',
    retryable: false,
    exitCode: 2,
  },
  ALIAS_NOT_FOUND: {
    message: 'Model {model} has no alias {alias} in environment {environment}, and {alias} is no version either',
    remedy: 'List its versions and aliases with `mlops model list {model}`',
    retryable: false,
    exitCode: 2,
  },
  VERSION_CONFLICT: {
    message: 'Version {version} of {model} is registered with other content: {differences}',
    remedy:
      'What is registered never changes: register the new content under a new version; `mlops model show {model} {version}` shows what is there',
    retryable: false,
    exitCode: 3,
  },
  VERSION_RETIRED: {
    message: 'Version {version} of {model} was retired: it cannot be {action}',
    remedy: 'Register a new version; what was retired is kept as evidence and never comes back',
    retryable: false,
    exitCode: 3,
  },
  DEPENDENCY_UNKNOWN: {
    message: '{model} {version} depends on {target} ({kind}), which is not registered',
    remedy: 'Register that version first, or mend its name; `mlops model list` shows what is registered',
    retryable: false,
    exitCode: 2,
  },
  DEPENDENCY_CYCLE: {
    message: '{name} would depend on itself: {path}',
    remedy: 'Leave one of these dependencies out',
    retryable: false,
    exitCode: 2,
  },
  TRANSITION_ILLEGAL: {
    message: '{model} {version} is in {from} and cannot go to {to}: from there it can go to {legal}',
    remedy:
      'Go step by step, up with `mlops model promote {model} {version}` and back with `mlops model demote {model} {version}`; no stage is skipped',
    retryable: false,
    exitCode: 3,
  },
  TRAFFIC_ELSEWHERE: {
    message:
      'Promotion of {model} {version} refused: its users in {environment} are on {live}, wanted all of them on {version}',
    remedy:
      'Bring them there by a rollout, which moves the stage too: `mlops rollout start --model {model} --to {version}`',
    retryable: false,
    exitCode: 3,
  },
  STAGE_HELD: {
    message:
      'Promotion of {model} {version} refused: the rollout {from} → {to} is under way in {environment}, and moves the stage when it ends at {to}',
    remedy:
      'Wait for its end (`mlops rollout status --model {model}`), or end it with `mlops rollout abort --model {model} --reason ...`, then promote again if it is still right',
    retryable: false,
    exitCode: 3,
  },
  STAGE_CONFLICT: {
    message: 'Promotion of {model} {version} refused: {current} is in production in {environment}, wanted {expected}',
    remedy: 'Somebody was faster: look with `mlops model history {model}`, then promote again if it is still right',
    retryable: false,
    exitCode: 3,
  },
  PROMOTION_LATE: {
    message: 'Promotion of {model} {version} refused: rollout {rolloutKey} has ended',
    remedy: 'Nothing is to be done: an attempt of that rollout came after its end was recorded',
    retryable: false,
    exitCode: 3,
  },
  ARTIFACT_MISSING: {
    message:
      '{model} {version} has no artifact, so that nothing vouches for what would be served: it stays in development',
    remedy: 'Register it under a new version with --artifact',
    retryable: false,
    exitCode: 3,
  },
  ARTIFACT_MISMATCH: {
    message: 'Artifact of {model} {version} is not what was registered ({digest}): {problem}',
    remedy: 'Restore the content in the artifact store, then run `mlops model verify {model} {version}`',
    retryable: false,
    exitCode: 3,
  },
  INDEX_MISMATCH: {
    message: '{model} {version} cannot be promoted: {problem}',
    remedy: 'Build the index with the embedding version that asks it, and register that under a new version',
    retryable: false,
    exitCode: 3,
  },
  PREVIOUS_UNKNOWN: {
    message: 'Model {model} has no earlier production version in {environment} to go back to: {problem}',
    remedy: 'Look with `mlops model history {model}`, and promote another version',
    retryable: false,
    exitCode: 3,
  },
  RETIRE_REFUSED: {
    message: '{model} {version} cannot be retired: {problems}',
    remedy: 'Take it out of use first; `mlops model lineage {model} {version} --downstream` shows what rests on it',
    retryable: false,
    exitCode: 3,
  },
  DEMOTE_REFUSED: {
    message: '{model} {version} cannot go back to {to} in {environment}: {problem}',
    remedy:
      'Bring its users to another version first, by a rollout, which moves the stage too: `mlops rollout start --model {model} --to VERSION`, or at once: `mlops rollback --model {model}`; `mlops model demote {model} {version} --to deprecated` says that it is still served, and not for new use',
    retryable: false,
    exitCode: 3,
  },
  ALIAS_PROTECTED: {
    message: 'Alias {alias} of {model} is protected: it cannot be removed',
    remedy: 'Move it to another version with `mlops model alias {model} {alias}` and an approval',
    retryable: false,
    exitCode: 3,
  },
  MLFLOW_REFUSED: {
    message: '{problem}',
    remedy: 'Ask as docs/how-to/use-mlflow-clients.md says',
    retryable: false,
    exitCode: 2,
  },
  WEBHOOK_NOT_DELIVERED: {
    message: 'Webhook {webhook} was not delivered: {problem}',
    remedy:
      'See that its receiver runs and answers 2xx; `mlops audit query --resource webhook/{webhook}` shows what became of it',
    retryable: true,
    exitCode: 1,
  },
  REGISTRY_SOURCE_FAILED: {
    message: 'Registry at {url} cannot be read: {problem}',
    remedy:
      'See that it runs and that MODEL_REGISTRY_URL and MLFLOW_TRACKING_TOKEN are right, then run the import again: it goes on where it was',
    retryable: true,
    exitCode: 1,
  },
  REGISTRY_SOURCE_OWN: {
    message: 'Registry at {url} is this one: it is not taken over into itself',
    remedy: 'Name the other registry: `mlops model import --from-mlflow URL`, or MODEL_REGISTRY_URL',
    retryable: false,
    exitCode: 2,
  },
  REGISTRY_IMPORT_INVALID: {
    message: 'Import is refused at line {line}: {problem}',
    remedy: 'Write the file again with `mlops model export --out registry.jsonl`',
    retryable: false,
    exitCode: 2,
  },
  REGISTRY_IMPORT_DIFFERS: {
    message: 'Import is refused: the registry holds {there}, the file {given}',
    remedy: 'Import into an empty database; two registries are not merged',
    retryable: false,
    exitCode: 3,
  },
} as const satisfies Record<string, ErrorDefinition>;
