import packageJson from '../package.json' with { type: 'json' };
import type { EngineVersion } from '../domain/rollout/records.ts';

/** What computes verdicts in this process. */
export function engineVersion(): EngineVersion {
  return { program: `durable-mlops ${packageJson.version}`, node: process.versions.node, v8: process.versions.v8 };
}
