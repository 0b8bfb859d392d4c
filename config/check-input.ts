import { inspect } from 'node:util';
import type { z } from 'zod';
import { hideCredentials } from '../domain/url-credentials.ts';
import { describeIssue, flattenIssue } from './describe-issue.ts';

/** Checks what somebody gave against the one shape that is taken: the value, or everything that is wrong with it. */
export function checkInput<Schema extends z.ZodType>(
  schema: Schema,
  given: unknown,
): { readonly value: z.output<Schema> } | { readonly problems: string } {
  const result = schema.safeParse(given);
  if (result.success) return { value: result.data };
  const issues = result.error.issues.flatMap((issue) => flattenIssue(issue, given));
  const telling = { place: () => '', show: shownOf };
  return { problems: issues.flatMap((issue) => describeIssue(issue, given, schema, telling)).join('; ') };
}

/** Also of what JSON cannot say: NaN, a Date without a time, a circle. Of a URL no password is. */
function shownOf(value: unknown): string {
  if (typeof value === 'string')
    return hideCredentials(JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value));
  return hideCredentials(
    inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 5, maxStringLength: 100 }),
  );
}
