import type { VersionRecord } from '../../../domain/registry/records.ts';
import { inOneLine } from '../printable.ts';

/** A version as machines get it. */
export function dataOfVersion(record: VersionRecord, author?: string): Record<string, unknown> {
  const { registration, ...rest } = record;
  const { artifact, dependencies, metadata, metrics, model, type, version } = registration;
  return {
    id: rest.id,
    model,
    version,
    ordinal: rest.ordinal,
    type,
    environment: rest.environment,
    stage: rest.stage,
    requestedStage: rest.requestedStage,
    aliases: rest.aliases,
    endpoint: rest.endpoint,
    description: rest.description,
    tags: rest.tags,
    metadata,
    baseline: metrics,
    dependencies,
    artifact:
      artifact === null
        ? null
        : {
            digest: artifact,
            bytes: rest.artifactBytes,
            files: rest.artifactFiles,
            verifiedAt: rest.verifiedAt,
            problem: rest.artifactProblem,
          },
    contentDigest: rest.contentDigest,
    author: rest.author,
    ...(author === undefined ? {} : { authorName: author }),
    registeredAt: rest.registeredAt,
    retiredAt: rest.retiredAt,
  };
}

/** A version for people: what it is, where it stands, what it was measured at, and what it rests on. */
export function textOfVersion(record: VersionRecord, author: string): string {
  const { dependencies, metadata, metrics, model, type, version } = record.registration;
  return [
    `${model} ${version}  (${type}, number ${record.ordinal})`,
    ...(record.description === '' ? [] : record.description.split(/\r?\n/).map((part) => `  ${part}`)),
    '',
    line('stage', `${stageInWords(record)} in ${record.environment}`),
    line('aliases', record.aliases.length === 0 ? 'none' : record.aliases.join(', ')),
    line('answers at', record.endpoint ?? 'not known'),
    line('artifact', artifactInWords(record)),
    // Whose signature it is, is not kept: it is a name, and who is known changes.
    ...(record.registration.artifact === null
      ? []
      : [line('signed by', `not looked at: mlops model verify ${model} ${version}`)]),
    line('registered', `${record.registeredAt} by ${author}`),
    ...section(
      'metadata',
      Object.entries(metadata).map(([key, value]) => `${key} ${String(value)}`),
    ),
    ...section(
      'baseline',
      metrics.map(({ direction, name, unit, value }) => `${name} ${value} ${unit} (${direction} is better)`),
    ),
    ...section(
      'rests on',
      dependencies.map(({ kind, target }) => `${kind} ${target}`),
    ),
    ...section(
      'tags',
      Object.entries(record.tags).map(([key, value]) => `${key}=${value}`),
    ),
  ].join('\n');
}

/** `development, production requested` */
export function stageInWords({ requestedStage, stage }: Pick<VersionRecord, 'stage' | 'requestedStage'>): string {
  return requestedStage === null ? stage : `${stage}, ${requestedStage} requested`;
}

function artifactInWords({
  artifactBytes,
  artifactFiles,
  artifactProblem,
  registration,
  verifiedAt,
}: VersionRecord): string {
  if (registration.artifact === null) return 'none: it stays in development';
  const size = `${artifactBytes ?? 0} bytes in ${artifactFiles ?? 0} file${artifactFiles === 1 ? '' : 's'}`;
  const state = artifactProblem === null ? `verified ${verifiedAt ?? 'never'}` : `NOT VALID: ${artifactProblem}`;
  return `sha256:${registration.artifact} (${size}; ${state})`;
}

function section(name: string, lines: readonly string[]): string[] {
  return lines.map((text, at) => line(at === 0 ? name : '', text));
}

function line(name: string, text: string): string {
  return `${name.padEnd(12)}${inOneLine(text)}`;
}
