import type { MlopsConfig } from '../../config/schema.ts';
import type { LocalStack } from '../stack-port.ts';

/** The long-running parts of the system that `mlops <part>` runs in the foreground. */
export type PartName = 'worker' | 'api' | 'gateway';

/**
 * What commands can ask for. The only place beside client/cli/main.ts that names adapters and workers; each is imported
 * when a command first asks for it, so that `mlops --help` loads none of them.
 */
export interface Composition {
  /** The local stack: Temporal, PostgreSQL, worker, API and gateway as processes on this machine. */
  stack(): Promise<LocalStack>;
  /** Runs one part in this process until it is told to stop (SIGTERM, SIGINT). */
  runPart(part: PartName): Promise<void>;
}

/** Composes the parts over a configuration that is loaded on first use. */
export function createComposition(loadConfig: () => Promise<MlopsConfig>): Composition {
  return {
    stack: async () => {
      const { createLocalStack } = await import('../../workers/stack.ts');
      return createLocalStack(await loadConfig());
    },
    runPart: async (part) => {
      const config = await loadConfig();
      if (part === 'worker') return (await import('../../workers/worker.ts')).runWorker(config);
      if (part === 'api') return (await import('../../workers/api.ts')).runApi(config);
      return (await import('../../workers/gateway.ts')).runGateway(config);
    },
  };
}
