/** What is known of stored content: enough to ask for it, and to tell it from any other. */
export interface ArtifactRef {
  /** SHA-256 in hex: of a file's content, or of a folder's canonical manifest (folder-manifest.ts) */
  readonly digest: string;
  /** Of the content; a folder's is that of its files together. */
  readonly bytes: number;
  /** 1 for a file */
  readonly files: number;
}

/** What became of an examination. */
export interface ArtifactCheck {
  readonly ok: boolean;
  /** What is wrong and where; null when nothing is */
  readonly problem: string | null;
  /** Of the content; 0 when something is wrong with it */
  readonly bytes: number;
  /** Who of those who are known has signed it, for people; null when nobody has */
  readonly signer: string | null;
}

/** Port: keeps content by its digest, encrypted. What is stored is never changed. */
export interface ArtifactStore {
  /**
   * Stores a file or a folder. What is there already is verified and stays as it is; what was interrupted goes on.
   *
   * @param options.onProgress called with the bytes of content that are done, from 0 to all
   * @throws ARTIFACT_SOURCE_REFUSED, ARTIFACT_SOURCE_CHANGED, ARTIFACT_SIGNATURE_REFUSED, ARTIFACT_DAMAGED, ARTIFACT_DISK_FULL, ARTIFACT_STORE_UNUSABLE;
   * the signal's reason when it is aborted
   */
  put(
    path: string,
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (bytes: number) => void },
  ): Promise<ArtifactRef>;
  /** Reads all of it again. What is wrong with the content is an answer; that the store cannot be read is an error. */
  verify(digest: string): Promise<ArtifactCheck>;
  /**
   * Writes it to a path where nothing is yet; it appears there whole or not at all.
   *
   * @throws ARTIFACT_UNKNOWN, ARTIFACT_DAMAGED, ARTIFACT_TARGET_REFUSED, ARTIFACT_DISK_FULL, ARTIFACT_STORE_UNUSABLE
   */
  fetch(digest: string, toPath: string): Promise<void>;
}

/** Port: who vouches for stored content. */
export interface ArtifactSignatures {
  /**
   * Who of those who are known here has signed it, over what is there; null when nobody has. `key ada`, `certificate of ada@example.com`,
   * `<identity> by <issuer>`
   *
   * @throws ARTIFACT_STORE_UNUSABLE, SIGNER_KEY_INVALID, SIGNER_ROOT_INVALID
   */
  signerOf(artifact: Pick<ArtifactRef, 'digest' | 'files'>): Promise<string | null>;
}

const DIGEST = /^[0-9a-f]{64}$/;

/** Whether a text can be an artifact's digest. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}
