import type { ErrorDefinition } from './definition.ts';

/** Failures of the artifact store. */
export const ARTIFACT_ERRORS = {
  ARTIFACT_SOURCE_REFUSED: {
    message: 'Artifact {path} cannot be stored: {problem}',
    remedy: 'Give a regular file, or a folder that holds nothing but regular files and folders',
    retryable: false,
    exitCode: 2,
  },
  ARTIFACT_SOURCE_CHANGED: {
    message: 'Artifact {path} was changed while it was read: nothing was stored',
    remedy: 'Store it again when nobody writes to it',
    retryable: true,
    exitCode: 1,
  },
  ARTIFACT_UNKNOWN: {
    message: 'Artifact {digest} is not in the store',
    remedy: 'Store the file or folder it is the digest of; a digest is the SHA-256 in 64 hexadecimal digits',
    retryable: false,
    exitCode: 2,
  },
  ARTIFACT_DAMAGED: {
    message: 'Artifact {digest} is not what was stored: {problem}',
    remedy:
      'Do not deploy it; restore the object {digest} of the artifact store from a backup, or move it away and store the artifact again',
    retryable: false,
    exitCode: 3,
  },
  ARTIFACT_SIGNATURE_REFUSED: {
    message: 'Artifact {path} is not signed as it must be: {problem}',
    remedy:
      'Have the folder signed by OpenSSF model signing into its file model.sig, by somebody who counts; who does is artifacts.signers and artifacts.require_signature of config/governance.yaml',
    retryable: false,
    exitCode: 3,
  },
  SIGNER_KEY_INVALID: {
    message: 'Public key {file} of a signer of artifacts cannot be used: {problem}',
    remedy:
      'Give a PEM file with a public key of the curve P-256, P-384 or P-521, or mend artifacts.require_signature and artifacts.signers.keys',
    retryable: false,
    exitCode: 2,
  },
  SIGNER_ROOT_INVALID: {
    message: 'What signers of artifacts are known by cannot be used, in {file}: {problem}',
    remedy:
      'Give root certificates as PEM for artifacts.signers.certificates.roots, and the trusted_root.json of the Sigstore instance for artifacts.signers.sigstore.trusted_root',
    retryable: false,
    exitCode: 2,
  },
  ARTIFACT_TARGET_REFUSED: {
    message: 'Artifact cannot be written to {path}: {problem}',
    remedy: 'Give a path where nothing is yet, in a folder that is there',
    retryable: false,
    exitCode: 2,
  },
  ARTIFACT_DISK_FULL: {
    message: 'Disk is full: {path} cannot be written',
    remedy: 'Make room on the disk of {path}, then do it again; what was written by halves was removed',
    retryable: true,
    exitCode: 1,
  },
  ARTIFACT_STORE_UNUSABLE: {
    message: 'Artifact store {store} cannot be used: {problem}',
    remedy: 'Mend what it says; `mlops doctor` examines the store',
    retryable: true,
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorDefinition>;
