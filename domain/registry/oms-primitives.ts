/** Cryptography and encodings that the verification needs. */
export interface OmsPrimitives {
  /** Null when the text is not the base64 of some bytes. */
  decodeBase64(text: string): Uint8Array | null;
  /** Null when the bytes are not UTF-8. */
  decodeText(bytes: Uint8Array): string | null;
  fromHex(text: string): Uint8Array;
  /** In hex, of all parts one after the other */
  sha256(parts: readonly Uint8Array[]): string;
}

/** Why a text is no signature that can be verified. */
export interface OmsProblem {
  readonly problem: string;
  /** It is one of the supported kind and contradicts itself; else it is another kind of file, or of a kind that is not supported. */
  readonly isBroken: boolean;
}

/** It is something else. */
export function foreign(problem: string): OmsProblem {
  return { problem, isBroken: false };
}

/** It is not as it must be. */
export function broken(problem: string): OmsProblem {
  return { problem, isBroken: true };
}
