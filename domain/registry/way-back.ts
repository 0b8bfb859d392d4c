/** One change of what is in production. */
export interface ProductionChange {
  readonly versionId: string;
  readonly act: 'promoted' | 'gone-back' | 'demoted';
}

/**
 * Versions that can be gone back to, the nearest first, from the changes in their order. What somebody went back from, or took out, is none
 * of them until it is promoted again: a way back that is gone twice leads further back, never to what was left.
 */
export function wayBack(changes: readonly ProductionChange[]): string[] {
  const stood: string[] = [];
  for (const { act, versionId } of changes) {
    const at = stood.lastIndexOf(versionId);
    if (act === 'demoted') stood.splice(at < 0 ? stood.length : at);
    else if (act === 'gone-back' && at >= 0) stood.splice(at + 1);
    else stood.push(versionId);
  }
  return [...new Set(stood.toReversed())];
}
