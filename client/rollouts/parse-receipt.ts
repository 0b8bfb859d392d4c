import { z } from 'zod';
import { MlopsError } from '../../domain/errors.ts';
import type { RolloutReceipt } from '../../domain/rollout/receipt.ts';

const when = z.iso.datetime();
const verdict = z.looseObject({
  decision: z.string(),
  metric: z.string().nullable(),
  wealth: z.number(),
  metrics: z.array(z.looseObject({ name: z.string(), evidence: z.number(), requests: z.number() })),
  problems: z.array(z.string()),
  waived: z.array(z.string()),
});

/** What verification relies on; everything else is carried along, and covered by the digest. */
const RECEIPT = z.looseObject({
  schemaVersion: z.literal(1),
  kind: z.literal('rollout-receipt'),
  digest: z.string(),
  rollout: z.looseObject({ model: z.string(), policy: z.record(z.string(), z.unknown()), startedAt: when }),
  outcome: z.looseObject({ outcome: z.string(), reason: z.string() }).nullable(),
  events: z.array(z.looseObject({ at: when, event: z.string(), actor: z.string() })),
  writes: z.array(
    z.looseObject({ generation: z.number().int(), idempotencyKey: z.string(), refusedCode: z.string().nullable() }),
  ),
  ticks: z.array(z.looseObject({ tick: z.number().int(), judged: z.boolean(), input: z.looseObject({}), verdict })),
});

/** Reads a receipt file. @throws RECEIPT_INVALID naming the first thing that is wrong */
export function parseReceipt(file: string, text: string): { receipt: RolloutReceipt; digest: string } {
  const result = RECEIPT.safeParse(parseJson(file, text));
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new MlopsError('RECEIPT_INVALID', {
      file,
      problem: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unknown'}`,
    });
  }
  // schemaVersion of the command's output and `digest` wrap the receipt itself.
  const { digest, ...receipt } = result.data;
  return { receipt: receipt as unknown as RolloutReceipt, digest };
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MlopsError('RECEIPT_INVALID', { file, problem: 'it is not JSON' }, { cause: error });
  }
}
