import { MlopsError } from '../../../domain/errors.ts';
import { canonicalJson } from '../../../domain/governance/canonical-json.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import type { ArtifactRef } from '../../../domain/registry/artifact.ts';
import { differencesInWords, differencesOf } from '../../../domain/registry/differences.ts';
import {
  completeRegistration,
  contentOf,
  type Registration,
  type RegistrationOrder,
} from '../../../domain/registry/registration.ts';
import { draftOfRegistry } from '../../../domain/registry/registry-drafts.ts';
import type { RegisteredVersion, VersionRecord } from '../../../domain/registry/records.ts';
import { resourceOfModel, resourceOfVersion } from '../../../domain/registry/resource-names.ts';
import { parseVersion, sortKeyOf } from '../../../domain/registry/semver.ts';
import { sha256Of } from '../../crypto/sha256.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import { linkDependencies } from './link-dependencies.ts';
import type { RegistryParts } from './parts.ts';
import { refusalsRecorded } from './refusals.ts';
import { noteRequest } from './request-stage.ts';
import { recordOf, requireVersion, STAGE_JOIN, VERSION_COLUMNS, type VersionRow } from './versions.ts';

/** What is registered, and by whom. */
export interface RegisterOrder {
  readonly registration: RegistrationOrder;
  /** A file or folder that becomes the version's artifact. */
  readonly artifactPath: string | null;
  /** Whether it is wanted in production: that is noted, and needs its approval like any promotion. */
  readonly wantsProduction: boolean;
  readonly actor: string;
}

/**
 * Registers a version once: the same content again changes nothing and gives the same version.
 *
 * @throws REGISTRATION_INVALID, VERSION_CONFLICT with the differences, VERSION_RETIRED, DEPENDENCY_UNKNOWN, DEPENDENCY_CYCLE,
 *   and what the artifact store throws
 */
export async function registerModel(
  parts: RegistryParts,
  order: RegisterOrder,
  progress: { readonly signal?: AbortSignal; readonly onProgress?: (bytes: number) => void } = {},
): Promise<RegisteredVersion> {
  // Before gigabytes are copied.
  complete(order.registration, null);
  const artifact = order.artifactPath === null ? null : await parts.store.put(order.artifactPath, progress);
  const registration = complete(order.registration, artifact?.digest ?? null);
  const actor = await parts.principals.actor(order.actor);
  const resource = resourceOfVersion(registration.model, registration.version);
  return await refusalsRecorded(
    parts,
    { action: 'model.register', resource, actor },
    async () =>
      await parts.ledger.transact(async (transaction) => {
        const there = await findThere(parts, transaction, registration);
        if (there !== null) assertSame(there, registration);
        else await insertVersion(transaction, { registration, artifact, actor, environment: parts.environment });
        if (order.wantsProduction) await noteRequest(parts, transaction, registration, 'production', actor);
        const row = await requireVersion(transaction.client, parts.environment, registration);
        return { version: recordOf(row, parts.environment), isNew: there === null };
      }),
  );
}

function complete(order: RegistrationOrder, artifact: string | null): Registration {
  const completed = completeRegistration(order, artifact);
  if ('registration' in completed) return completed.registration;
  throw new MlopsError('REGISTRATION_INVALID', { problems: completed.problems.join('; ') });
}

async function findThere(
  { environment }: RegistryParts,
  { client }: LedgerTransaction,
  registration: Registration,
): Promise<VersionRecord | null> {
  const { rows } = await client.query<VersionRow>(
    `SELECT ${VERSION_COLUMNS} FROM model m JOIN model_version v USING (model_id) ${STAGE_JOIN}
     WHERE m.name = $2 AND m.retired_at IS NULL AND v.sort_key = $3`,
    [environment, registration.model, keyOf(registration)],
  );
  return rows[0] === undefined ? null : recordOf(rows[0], environment);
}

/** @throws VERSION_CONFLICT, VERSION_RETIRED */
function assertSame(there: VersionRecord, given: Registration): void {
  const { model, version } = given;
  const differences = differencesOf(there.registration, given);
  if (differences.length > 0)
    throw new MlopsError('VERSION_CONFLICT', {
      model,
      version,
      differences: differencesInWords(differences),
      fields: differences,
    });
  if (there.retiredAt !== null) throw new MlopsError('VERSION_RETIRED', { model, version, action: 'registered again' });
}

function keyOf({ version }: Registration): string {
  const parsed = parseVersion(version);
  if (parsed === null) throw new Error(`version ${version} was checked before`);
  return sortKeyOf(parsed);
}

/** Where a version comes from, by the word of who registered it; '' for what was not said. */
export interface VersionOrigin {
  readonly source: string;
  /** What the source comes to, when that is a version of another model. */
  readonly storageLocation: string;
  readonly runId: string;
  readonly runLink: string;
  /** The version of another registry that it was taken over from. */
  readonly takenFrom?: string;
}

/** What is written of a new version. */
interface Entry {
  readonly registration: Registration;
  readonly artifact: ArtifactRef | null;
  readonly actor: EventActor;
  readonly environment: string;
  readonly origin?: VersionOrigin;
}

async function insertVersion(transaction: LedgerTransaction, entry: Entry): Promise<void> {
  const place = await takeOrdinal(transaction, entry.registration.model, entry.actor);
  await insertAt(transaction, place, entry);
}

/** Where the next version of a model stands. */
export interface VersionPlace {
  readonly modelId: string;
  readonly ordinal: number;
  readonly at: Date;
  /** The model began with it. */
  readonly isFirst: boolean;
}

/** Takes the next ordinal of a model, which begins with its first version. */
export async function takeOrdinal(
  { client, next }: LedgerTransaction,
  model: string,
  actor: EventActor,
): Promise<VersionPlace> {
  const { rows } = await client.query<{ model_id: string; ordinal: number; at: Date; is_first: boolean }>(
    `INSERT INTO model (name, last_ordinal, author, created_at, changed_at, ledger_sequence)
     SELECT $1, 1, $2, at, at, $3 FROM date_trunc('milliseconds', clock_timestamp()) AS at
     ON CONFLICT (name) WHERE retired_at IS NULL DO UPDATE SET last_ordinal = model.last_ordinal + 1,
       changed_at = EXCLUDED.changed_at, ledger_sequence = EXCLUDED.ledger_sequence
     RETURNING model_id, last_ordinal AS ordinal, changed_at AS at, xmax = 0 AS is_first`,
    [model, actor.id, next],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('INSERT ... RETURNING gave no row');
  return { modelId: row.model_id, ordinal: row.ordinal, at: row.at, isFirst: row.is_first };
}

/** Writes a new version with what it rests on, and its event. */
export async function insertAt(transaction: LedgerTransaction, place: VersionPlace, entry: Entry): Promise<void> {
  const { actor, environment, origin, registration } = entry;
  const { artifact, dependencies, description, model, tags, type, version } = registration;
  const content = canonicalJson(contentOf(registration));
  const id = await insertRow(transaction, place, entry, content);
  await linkDependencies(transaction, { id, name: { model, version }, dependencies });
  const { runId = '', runLink = '', source = '', takenFrom } = origin ?? {};
  const { isFirst, ordinal } = place;
  const begins = isFirst ? { isFirst } : {};
  const facts = { environment, version, ordinal, ...begins, modelType: type, artifact, content: sha256Of(content) };
  transaction.append(
    draftOfRegistry(
      'registered',
      {
        resource: resourceOfVersion(model, version),
        facts,
        words: {
          description,
          tags,
          ...(origin === undefined ? {} : { runId, runLink, source }),
          ...(takenFrom === undefined ? {} : { takenFrom }),
        },
        subject: resourceOfModel(model),
      },
      actor,
    ),
  );
}

async function insertRow(
  { client, next }: LedgerTransaction,
  { at, modelId, ordinal }: VersionPlace,
  { actor, artifact, origin, registration }: Entry,
  content: string,
): Promise<string> {
  const { description, tags, type, version } = registration;
  const { rows } = await client.query<{ version_id: string }>(
    `INSERT INTO model_version (model_id, ordinal, version, sort_key, type, content, content_digest, artifact_digest,
       artifact_bytes, artifact_files, description, tags, author, registered_at, verified_at, ledger_sequence,
       source, storage_location, run_id, run_link, taken_from)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21) RETURNING version_id`,
    [
      modelId,
      ordinal,
      version,
      keyOf(registration),
      type,
      content,
      sha256Of(content),
      artifact?.digest ?? null,
      artifact?.bytes ?? null,
      artifact?.files ?? null,
      description,
      JSON.stringify(tags),
      actor.id,
      at,
      // Taking it in has read it.
      artifact === null ? null : at,
      next,
      origin?.source ?? '',
      origin?.storageLocation ?? '',
      origin?.runId ?? '',
      origin?.runLink ?? '',
      origin?.takenFrom ?? '',
    ],
  );
  const [made] = rows;
  if (made === undefined) throw new Error('INSERT ... RETURNING gave no row');
  return made.version_id;
}
