import { z } from 'zod';
import { ownValue } from '../domain/own-value.ts';

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** Keys that a schema knows at a path, through lists and through names that people choose; empty when any name will do. */
export function knownKeys(schema: z.ZodType, path: readonly string[]): string[] {
  let at = [z.toJSONSchema(schema, { unrepresentable: 'any' }) as JsonSchema].flatMap(alternatives);
  for (const key of path) at = at.flatMap((one) => alternatives(innerOf(one, key)));
  return [...new Set(at.flatMap(({ properties = {} }) => Object.keys(properties)))];
}

function innerOf({ properties = {}, additionalProperties, items }: JsonSchema, key: string): JsonSchema | undefined {
  const named = ownValue(properties, key);
  if (named !== undefined) return named;
  return typeof additionalProperties === 'object' ? additionalProperties : items;
}

function alternatives(schema: JsonSchema | undefined): JsonSchema[] {
  if (schema === undefined) return [];
  return schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(alternatives);
}
