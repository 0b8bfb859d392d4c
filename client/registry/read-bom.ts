import { createHash } from 'node:crypto';
import type { Dependency } from '../../domain/registry/dependency.ts';
import { assembleBom, type Bom } from '../../domain/registry/model-bom.ts';
import type { Registry, VersionOrder } from '../registry-port.ts';

/** The bill of materials of a version, of what is known of it now. @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, ALIAS_NOT_FOUND, and as `signer` */
export async function readBom(
  registry: Pick<Registry, 'lineage' | 'signer' | 'version'>,
  order: VersionOrder,
): Promise<Bom> {
  const record = await registry.version(order);
  // An alias may mean another one meanwhile.
  const version = { model: order.model, version: record.registration.version };
  const { edges } = await registry.lineage({ start: version, direction: 'upstream', depth: 1 });
  // One order for the same, whichever way it was read.
  const dependencies = edges.map(({ kind, to }) => ({ kind, target: to })).toSorted(byName);
  return assembleBom(record, dependencies, {
    at: new Date().toISOString(),
    signer: await registry.signer(version),
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
  });
}

function byName(a: Dependency, b: Dependency): number {
  return `${a.kind}:${a.target}` < `${b.kind}:${b.target}` ? -1 : 1;
}
