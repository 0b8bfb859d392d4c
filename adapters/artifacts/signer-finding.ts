/** What was found of who made a signature. */
export type SignerFinding =
  /** Right, and by somebody who counts; `signer` says for people who it is */
  | { readonly kind: 'right'; readonly signer: string }
  /** By what is known here, and not as it must be */
  | { readonly kind: 'wrong'; readonly problem: string }
  /** Nothing here can say whether it is right. */
  | { readonly kind: 'unknown'; readonly problem: string };

/** A signature that is not as it must be. */
export function wrong(problem: string): SignerFinding {
  return { kind: 'wrong', problem };
}
