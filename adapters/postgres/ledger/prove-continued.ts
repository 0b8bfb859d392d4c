import type { Pool } from 'pg';
import { MlopsError } from '../../../domain/errors.ts';
import type { Checkpoint } from '../../../domain/governance/checkpoint.ts';
import { CONSISTENCY_FORMAT, continues, type ConsistencyProof } from '../../../domain/governance/consistency-proof.ts';
import type { Primitives } from '../../../domain/governance/primitives.ts';
import { originOf } from './open-ledger.ts';
import { createProver } from './prove.ts';
import { sizeOfLog } from './sign-checkpoint.ts';

/** Proves that a checkpoint of the log continues an earlier one. @throws USAGE_INVALID, LEDGER_TAMPERED when the log does not lead from one to the other */
export async function proveContinued(
  pool: Pool,
  nodeHash: Primitives['nodeHash'],
  asked: { readonly earlier: Checkpoint; readonly now: Checkpoint },
): Promise<ConsistencyProof> {
  const { earlier, now } = asked;
  const origin = await originOf(pool);
  const unusable = problemOf(asked, origin);
  if (unusable !== null) throw new MlopsError('USAGE_INVALID', unusable);
  const size = (await sizeOfLog(pool)) ?? 0;
  if (now.size > size) throw tampered(`it has ${size} events, ${now.size} were signed`);
  const proof: ConsistencyProof = {
    format: CONSISTENCY_FORMAT,
    origin,
    earlier: earlier.size,
    size: now.size,
    proof: await createProver(pool, nodeHash, now.size).proveContinued(earlier.size),
  };
  if (!continues(nodeHash, asked, [proof]))
    throw tampered(`it does not lead from the checkpoint over ${earlier.size} events to that over ${now.size}`);
  return proof;
}

function tampered(problem: string): MlopsError {
  return new MlopsError('LEDGER_TAMPERED', { problem });
}

/** What keeps two checkpoints from being compared at all. */
function problemOf(
  { earlier, now }: { readonly earlier: Checkpoint; readonly now: Checkpoint },
  origin: string,
): { readonly problem: string; readonly hint: string } | null {
  const foreign = [earlier, now].find((one) => one.origin !== origin);
  if (foreign !== undefined)
    return { problem: `A checkpoint is of ${foreign.origin}, the ledger is ${origin}`, hint: 'Ask where that log is' };
  const hint = 'Give the earlier one as --checkpoint and the later one as --file';
  if (earlier.size === 0) return { problem: 'The earlier checkpoint has no events: anything continues it', hint };
  if (earlier.size > now.size)
    return { problem: `The earlier checkpoint has ${earlier.size} events, the other ${now.size}`, hint };
  return null;
}
