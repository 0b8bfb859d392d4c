import { deleteModel, renameModel } from '../../../adapters/postgres/registry/mlflow/end-model.ts';
import { setMlflowAlias } from '../../../adapters/postgres/registry/mlflow/governed.ts';
import { getByAlias } from '../../../adapters/postgres/registry/mlflow/meant.ts';
import { createModel, describeModel, getModel, tagModel } from '../../../adapters/postgres/registry/mlflow/models.ts';
import { searchModels } from '../../../adapters/postgres/registry/mlflow/search.ts';
import {
  maxResultsOf,
  requireNewName,
  requireOrdinal,
  requireText,
  tagOf,
  tagsOf,
  textOf,
  textsOf,
} from '../../../domain/registry/mlflow/fields.ts';
import { MODEL_ATTRIBUTES, parseFilter } from '../../../domain/registry/mlflow/filter.ts';
import { parseModelOrder } from '../../../domain/registry/mlflow/order.ts';
import { modelShape, versionShape } from '../../../domain/registry/mlflow/shapes.ts';
import { parseStageName, stageNameOf } from '../../../domain/registry/mlflow/stage-names.ts';
import type { MlflowCall } from './call.ts';
import { searchPage } from './search-call.ts';

/** How many a page has; none is no page, and no error. */
const RESULTS = { least: 0, most: 1000, usual: 100 };

/** What is asked of `/registered-models`. */
export const MODEL_CALLS: readonly MlflowCall[] = [
  {
    methods: ['POST'],
    path: '/registered-models/create',
    action: 'model.register',
    run: async (parts, fields, actor) => {
      const name = requireNewName(fields, 'name');
      const order = { name, description: textOf(fields, 'description'), tags: tagsOf(fields), actor };
      return { registered_model: modelShape(await createModel(parts, order)) };
    },
  },
  {
    methods: ['GET'],
    path: '/registered-models/get',
    action: 'model.read',
    run: async (parts, fields) => ({
      registered_model: modelShape(await getModel(parts, requireText(fields, 'name'))),
    }),
  },
  {
    methods: ['PATCH'],
    path: '/registered-models/update',
    action: 'model.tag',
    run: async (parts, fields, actor) => {
      const order = { name: requireText(fields, 'name'), description: textOf(fields, 'description'), actor };
      return { registered_model: modelShape(await describeModel(parts, order)) };
    },
  },
  {
    methods: ['POST'],
    path: '/registered-models/rename',
    action: 'model.register',
    run: async (parts, fields, actor) => {
      const order = { name: requireText(fields, 'name'), newName: requireNewName(fields, 'new_name'), actor };
      return { registered_model: modelShape(await renameModel(parts, order)) };
    },
  },
  {
    methods: ['DELETE'],
    path: '/registered-models/delete',
    action: 'model.retire',
    run: async (parts, fields, actor) => {
      await deleteModel(parts, { name: requireText(fields, 'name'), actor });
      return {};
    },
  },
  {
    methods: ['GET'],
    path: '/registered-models/search',
    action: 'model.read',
    run: async (parts, fields) => {
      const { found, next } = await searchPage(
        fields,
        'models',
        parseModelOrder,
        async (filter, order, after) =>
          await searchModels(parts, {
            conditions: parseFilter(filter, MODEL_ATTRIBUTES),
            order,
            after,
            limit: maxResultsOf(fields, RESULTS),
          }),
      );
      return { ...(found.length === 0 ? {} : { registered_models: found.map(modelShape) }), ...next };
    },
  },
  {
    methods: ['POST', 'GET'],
    path: '/registered-models/get-latest-versions',
    action: 'model.read',
    run: async (parts, fields) => {
      const { latest } = await getModel(parts, requireText(fields, 'name'));
      const stages = textsOf(fields, 'stages').map(parseStageName);
      const wanted = latest.filter(({ stage }) => stages.length === 0 || stages.includes(stageNameOf(stage)));
      return wanted.length === 0 ? {} : { model_versions: wanted.map(versionShape) };
    },
  },
  {
    methods: ['POST'],
    path: '/registered-models/set-tag',
    action: 'model.tag',
    run: async (parts, fields, actor) => {
      const [key, value] = tagOf(fields);
      await tagModel(parts, { name: requireText(fields, 'name'), key, value, actor });
      return {};
    },
  },
  {
    methods: ['DELETE'],
    path: '/registered-models/delete-tag',
    action: 'model.tag',
    run: async (parts, fields, actor) => {
      await tagModel(parts, { name: requireText(fields, 'name'), key: requireText(fields, 'key'), value: null, actor });
      return {};
    },
  },
  {
    methods: ['POST'],
    path: '/registered-models/alias',
    action: 'model.alias',
    run: async (parts, fields, actor) => {
      const name = { model: requireText(fields, 'name'), ordinal: requireOrdinal(fields) };
      await setMlflowAlias(parts, { ...name, alias: requireText(fields, 'alias'), actor });
      return {};
    },
  },
  {
    methods: ['DELETE'],
    path: '/registered-models/alias',
    action: 'model.alias',
    run: async (parts, fields, actor) => {
      const order = { model: requireText(fields, 'name'), alias: requireText(fields, 'alias'), version: null };
      await parts.registry.alias({ ...order, approvalId: null, reason: '', actor: actor.id });
      return {};
    },
  },
  {
    methods: ['GET'],
    path: '/registered-models/alias',
    action: 'model.read',
    run: async (parts, fields) => {
      const asked = { model: requireText(fields, 'name'), alias: requireText(fields, 'alias') };
      return { model_version: versionShape(await getByAlias(parts, asked)) };
    },
  },
];
