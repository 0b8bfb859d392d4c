/** Content that a version is bound to. */
export interface ArtifactRef {
  /** SHA-256 of the content, lowercase hex; for a folder: of its canonical manifest. */
  readonly digest: string;
  readonly bytes: number;
  readonly files: number;
}

/** Port: where artifacts are kept, each under the digest of its content. */
export interface ArtifactStore {
  /** Takes a file or folder in; content that is there already is not stored again. */
  put(
    path: string,
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (bytes: number) => void },
  ): Promise<ArtifactRef>;
  /** Reads the content again and compares it with its digest. What is missing is not ok either. */
  verify(digest: string): Promise<{ readonly ok: boolean; readonly problem: string | null; readonly bytes: number }>;
  /** Writes the content to a path, verified. */
  fetch(digest: string, toPath: string): Promise<void>;
}
