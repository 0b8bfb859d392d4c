import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { z } from 'zod';

const ajv = new Ajv2020({ allErrors: true });
addFormats.default(ajv);

/** What is wrong with a value by a JSON Schema of dialect 2020-12; empty when nothing is. */
export function problemsBy(schema: object, value: unknown): string[] {
  const validate = ajv.compile(schema);
  return validate(value) ? [] : (validate.errors ?? []).map((one) => `${one.instancePath} ${one.message ?? ''}`);
}

/** The same by a zod schema, which must know every key. */
export function problemsByAll(schema: z.ZodType, value: unknown): string[] {
  return problemsBy(z.toJSONSchema(schema, { unrepresentable: 'any' }), value);
}
