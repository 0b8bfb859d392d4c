import { transition } from '../../../adapters/postgres/registry/mlflow/governed.ts';
import { searchVersions } from '../../../adapters/postgres/registry/mlflow/search.ts';
import { requireOrdinal as requireRow } from '../../../adapters/postgres/registry/mlflow/version-rows.ts';
import {
  createVersion,
  deleteVersion,
  describeVersion,
  getMlflowVersion,
  locationOf,
  tagVersion,
  type OrdinalName,
} from '../../../adapters/postgres/registry/mlflow/versions.ts';
import {
  isTrue,
  maxResultsOf,
  requireOrdinal,
  requireText,
  tagOf,
  tagsOf,
  textOf,
  type Fields,
} from '../../../domain/registry/mlflow/fields.ts';
import { parseFilter, VERSION_ATTRIBUTES } from '../../../domain/registry/mlflow/filter.ts';
import { assertSource } from '../../../domain/registry/mlflow/new-version.ts';
import { parseVersionOrder } from '../../../domain/registry/mlflow/order.ts';
import { versionShape } from '../../../domain/registry/mlflow/shapes.ts';
import { parseStageName, type StageName } from '../../../domain/registry/mlflow/stage-names.ts';
import type { Action } from '../../../domain/governance/permissions.ts';
import type { MlflowCall } from './call.ts';
import { searchPage } from './search-call.ts';

/** How many may be asked for at once. */
const RESULTS = { least: 1, most: 200_000, usual: 200_000 };
/** Where more are asked for, a page has so many and says how it goes on. */
const LONGEST_PAGE = 10_000;

/** Who may move a version where. */
const STAGE_ACTIONS: Readonly<Record<StageName, Action>> = {
  None: 'model.demote',
  Staging: 'model.promote',
  Production: 'model.promote',
  Archived: 'model.retire',
};

/** What is asked of `/model-versions`. */
export const VERSION_CALLS: readonly MlflowCall[] = [
  {
    methods: ['POST'],
    path: '/model-versions/create',
    action: 'model.register',
    run: async (parts, fields, actor) => {
      const source = requireText(fields, 'source');
      assertSource(source);
      const order = {
        model: requireText(fields, 'name'),
        source,
        runId: textOf(fields, 'run_id'),
        runLink: textOf(fields, 'run_link'),
        description: textOf(fields, 'description'),
        tags: tagsOf(fields),
      };
      return { model_version: versionShape(await createVersion(parts, order, actor)) };
    },
  },
  {
    methods: ['GET'],
    path: '/model-versions/get',
    action: 'model.read',
    run: async (parts, fields) => ({ model_version: versionShape(await getMlflowVersion(parts, nameOf(fields))) }),
  },
  {
    methods: ['PATCH'],
    path: '/model-versions/update',
    action: 'model.tag',
    run: async (parts, fields, actor) => {
      const order = { ...nameOf(fields), description: textOf(fields, 'description'), actor };
      return { model_version: versionShape(await describeVersion(parts, order)) };
    },
  },
  {
    methods: ['DELETE'],
    path: '/model-versions/delete',
    action: 'model.retire',
    run: async (parts, fields, actor) => {
      await deleteVersion(parts, { ...nameOf(fields), actor });
      return {};
    },
  },
  {
    methods: ['GET'],
    path: '/model-versions/search',
    action: 'model.read',
    run: async (parts, fields) => {
      const { found, next } = await searchPage(
        fields,
        'versions',
        parseVersionOrder,
        async (filter, order, after) =>
          await searchVersions(parts, {
            conditions: parseFilter(filter, VERSION_ATTRIBUTES),
            order,
            after,
            limit: Math.min(LONGEST_PAGE, maxResultsOf(fields, RESULTS)),
          }),
      );
      return { ...(found.length === 0 ? {} : { model_versions: found.map(versionShape) }), ...next };
    },
  },
  {
    methods: ['GET'],
    path: '/model-versions/get-download-uri',
    action: 'model.read',
    run: async (parts, fields) => ({
      artifact_uri: locationOf(await requireRow(parts.pool, parts.environment, nameOf(fields))),
    }),
  },
  {
    methods: ['POST'],
    path: '/model-versions/set-tag',
    action: 'model.tag',
    run: async (parts, fields, actor) => {
      const [key, value] = tagOf(fields);
      await tagVersion(parts, { ...nameOf(fields), key, value, actor });
      return {};
    },
  },
  {
    methods: ['DELETE'],
    path: '/model-versions/delete-tag',
    action: 'model.tag',
    run: async (parts, fields, actor) => {
      await tagVersion(parts, { ...nameOf(fields), key: requireText(fields, 'key'), value: null, actor });
      return {};
    },
  },
  {
    methods: ['POST'],
    path: '/model-versions/transition-stage',
    action: (fields) => STAGE_ACTIONS[parseStageName(requireText(fields, 'stage'))],
    run: async (parts, fields, actor) => {
      const stage = parseStageName(requireText(fields, 'stage'));
      const archiveOthers = isTrue(fields, 'archive_existing_versions');
      return {
        model_version: versionShape(await transition(parts, { ...nameOf(fields), stage, archiveOthers, actor })),
      };
    },
  },
];

function nameOf(fields: Fields): OrdinalName {
  return { model: requireText(fields, 'name'), ordinal: requireOrdinal(fields) };
}
