import type { ProgramRun } from '../examples-port.ts';
import { lookUntil } from './look.ts';
import type { HowToRun, Stage } from './stage.ts';

/** The environment whose rules the registry is shown under: a promotion into production needs two people there, and one in `dev`. */
export const ENVIRONMENT = 'staging';

/** The stage with people who have keys and roles of their own. */
export interface RegistryStage extends Stage {
  readonly author: string;
  readonly approvers: readonly [string, string];
  /** Shows and runs a command as somebody; what it prints is shown. */
  as(person: string, args: readonly string[], how?: HowToRun): Promise<ProgramRun>;
}

/** The same stage under {@link ENVIRONMENT}; its people are of this run of the demo alone. Nobody is made known yet. */
export function enterRegistry(stage: Stage): RegistryStage {
  const number = stage.model.slice(stage.model.lastIndexOf('_') + 1);
  const within = { MLOPS_ENV: ENVIRONMENT };
  const mlops: Stage['mlops'] = async (args, how = {}) =>
    await stage.mlops(args, { showsOutput: true, ...how, hiddenEnv: within });
  return {
    ...stage,
    environment: ENVIRONMENT,
    author: `emil-${number}`,
    approvers: [`anna-${number}`, `ben-${number}`],
    mlops,
    as: async (person, args, how = {}) => await mlops(args, { ...how, env: { MLOPS_IDENTITY: person } }),
    read: async (args) => await stage.read(args, within),
  };
}

/** How a version stands, as `mlops model show -o json` says. */
interface SeenVersion {
  readonly stage: string;
  readonly artifact: { readonly digest: string };
}

/** A version of the demo's model. */
export async function readVersion(stage: Stage, version: string): Promise<SeenVersion> {
  return await stage.read<SeenVersion>(['model', 'show', stage.model, version]);
}

/** What happens once it is approved happens a moment later: the stage then, or null when it did not come. */
export async function untilStage(stage: Stage, version: string, wanted: string): Promise<SeenVersion | null> {
  return await lookUntil(
    async () => await readVersion(stage, version),
    (seen) => seen.stage === wanted,
    20_000,
  );
}
