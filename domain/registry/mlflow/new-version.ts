import { EXTERNAL } from '../model-types.ts';
import type { Registration } from '../registration.ts';
import { parseVersion, WANTED_VERSION } from '../semver.ts';
import { hasCredentials, hideCredentials } from '../../url-credentials.ts';
import { refusal } from './refusal.ts';
import { STAGE_NAMES, type StageName } from './stage-names.ts';

/** Says which semantic version one is; fixed with the registration, like everything that says what a version is. */
export const VERSION_TAG = 'mlops.version';

/** What somebody registers by the protocol. */
export interface NewVersion {
  readonly model: string;
  readonly source: string;
  readonly runId: string;
  readonly runLink: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** The semantic version of a new one: by its tag, else one that its ordinal gives. @throws MLFLOW_REFUSED */
export function semanticVersionOf(tags: NewVersion['tags'], ordinal: number): string {
  const given = Object.hasOwn(tags, VERSION_TAG) ? tags[VERSION_TAG] : undefined;
  if (given === undefined) return `0.0.${ordinal}`;
  const version = parseVersion(given);
  if (version !== null) return version.text;
  throw refusal('INVALID_PARAMETER_VALUE', `Tag ${VERSION_TAG} is ${JSON.stringify(given)}, wanted ${WANTED_VERSION}`);
}

/**
 * A registration without an artifact: nothing vouches for what lies at its source. A copy of a registered version is what that
 * is, with its artifact.
 */
export function assembleRegistration(
  { description, model, tags }: NewVersion,
  version: string,
  copied: Registration | null,
): Registration {
  const sorted = Object.fromEntries(Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)));
  const content = copied ?? {
    type: EXTERNAL,
    metadata: {},
    metrics: [],
    dependencies: [],
    approvalRequired: false,
    artifact: null,
  };
  return { ...content, model, version, description, tags: sorted };
}

/** Which version of a model is meant: by its number, an alias, a stage, or `latest`: the newest of all. */
export interface MeantVersion {
  readonly model: string;
  readonly by:
    | { readonly ordinal: number }
    | { readonly alias: string }
    | { readonly stage: StageName }
    | { readonly latest: true };
}

/** The version that a source names: `models:/rag_api/3`, `models:/rag_api@next`, `models:/rag_api/Staging`. Null for any other source. */
export function copiedFrom(source: string): MeantVersion | null {
  const [, model, alias, suffix = ''] = /^models:\/+([^/:@]+)(?:@([^/@]+)|\/([^/]+))$/.exec(source) ?? [];
  if (model === undefined) return null;
  if (alias !== undefined) return { model, by: { alias } };
  if (/^\d{1,9}$/.test(suffix)) return { model, by: { ordinal: Number(suffix) } };
  if (isLatest(suffix)) return { model, by: { latest: true } };
  const stage = STAGE_NAMES.find((name) => name.toLowerCase() === suffix.toLowerCase());
  return stage === undefined ? null : { model, by: { stage } };
}

/** Whether a name means the newest version, as an alias and as a suffix: nobody can set it. */
export function isLatest(name: string): boolean {
  return name.toLowerCase() === 'latest';
}

/**
 * Refuses sources that leave the folder they name, and those that are a host's own word: nobody may be sent there.
 *
 * @throws MLFLOW_REFUSED (INVALID_PARAMETER_VALUE)
 */
export function assertSource(source: string): void {
  const plain = decodeFully(source);
  if (plain !== null && isKept(plain)) return;
  throw refusal(
    'INVALID_PARAMETER_VALUE',
    `Invalid model version source: '${hideCredentials(source)}'. Wanted a path or the URI of an object, without .. or a password in it and not http`,
  );
}

function isKept(plain: string): boolean {
  if (plain.includes('\u0000') || plain.split(/[/\\:?#]/).includes('..') || /^https?:/i.test(plain)) return false;
  return !hasCredentials(plain) || OF_CONTAINER.test(plain);
}

/** Azure names a container where others have a user: `abfss://models@account.dfs.core.windows.net/a`. A password has a colon before it. */
const OF_CONTAINER = /^(?:wasbs?|abfss?):\/\/[a-z0-9$-]+@[a-z0-9.-]+(?:[/?#]|$)/i;

/** Nobody escapes an escape more often than by mistake. */
const MOST_ESCAPES = 8;

/** Without any escapes: what is escaped twice is escaped still after one decoding. Null for what is so after many. */
function decodeFully(text: string): string | null {
  let plain = text;
  for (let times = 0; times < MOST_ESCAPES; times += 1) {
    const decoded = plain.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCodePoint(parseInt(hex, 16)));
    if (decoded === plain) return plain;
    plain = decoded;
  }
  return null;
}
