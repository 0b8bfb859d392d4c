import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MODEL_ATTRIBUTES, parseFilter, VERSION_ATTRIBUTES } from '../../../../../domain/registry/mlflow/filter.ts';

const condition = (key: string, comparator: string, value: unknown, isTag = false) => ({
  key,
  isTag,
  comparator,
  value,
});

describe('a filter', () => {
  it.each<[string, ReturnType<typeof condition>[]]>([
    ['', []],
    ["name = 'a'", [condition('name', '=', 'a')]],
    ["name='a'", [condition('name', '=', 'a')]],
    ['name = "a"', [condition('name', '=', 'a')]],
    ["attribute.name LIKE 'a%'", [condition('name', 'LIKE', 'a%')]],
    ["name ilike '%A' ", [condition('name', 'ILIKE', '%A')]],
    ["`name` != 'a'", [condition('name', '!=', 'a')]],
    ["tags.team = 'red'", [condition('team', '=', 'red', true)]],
    ["tag.`mlflow.prompt.is_prompt` != 'true'", [condition('mlflow.prompt.is_prompt', '!=', 'true', true)]],
    ["tags.mlflow.source = ''", [condition('mlflow.source', '=', '', true)]],
    ["tags.\"a b\" = 'it''s'", [condition('a b', '=', "it's", true)]],
    ["run_id IN ('a', 'b)')", [condition('run_id', 'IN', ['a', 'b)'])]],
    ["name not in ('a')", [condition('name', 'NOT IN', ['a'])]],
    ['version_number >= 2', [condition('version_number', '>=', 2)]],
    ["version_number = '2'", [condition('version_number', '=', 2)]],
    ['version_number < 99999999999', [condition('version_number', '<', 2_147_483_647)]],
    [
      "name = 'a and b' AND source_path = 's3://x' and run_id = 'r'",
      [condition('name', '=', 'a and b'), condition('source_path', '=', 's3://x'), condition('run_id', '=', 'r')],
    ],
  ])('%s', (text, wanted) => {
    expect(parseFilter(text, VERSION_ATTRIBUTES)).toEqual(wanted);
  });

  it.each([
    "run_id = 'a'",
    'name',
    "name 'a'",
    "= 'a'",
    'name = a',
    "name = 'a",
    "name = 'a' AND",
    "name = 'a' OR name = 'b'",
    "name = 'a' name = 'b'",
    "(name = 'a')",
    "name > 'a'",
    "name IN 'a'",
    'name IN ()',
    "name IN ('a',)x",
    "tags.a IN ('a')",
    "metric.a = 'b'",
    "constructor = 'a'",
    'x'.repeat(100_001),
  ])('that is not understood is refused: %s', (text) => {
    expect(() => parseFilter(text, MODEL_ATTRIBUTES)).toThrow(/Invalid filter: /);
  });

  it('keeps every value as it was quoted', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const [read] = parseFilter(`tags.k = '${value.replaceAll("'", "''")}'`, MODEL_ATTRIBUTES);
        expect(read?.value).toBe(value);
      }),
    );
  });

  it('keeps every value of a list', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom("'", '"', ',', ')', '(', ' ', 'a') }), { minLength: 1 }),
        (values) => {
          const quoted = values.map((value, at) =>
            at % 2 === 0 ? `'${value.replaceAll("'", "''")}'` : `"${value.replaceAll('"', '""')}"`,
          );
          const [read] = parseFilter(`name IN (${quoted.join(', ')})`, MODEL_ATTRIBUTES);
          expect(read?.value).toEqual(values);
        },
      ),
    );
  });

  it('holds nobody up, whatever rows of quotes are in it', { timeout: 20_000 }, () => {
    const millisecondsOf = (text: string): number => {
      const begun = performance.now();
      try {
        parseFilter(text, MODEL_ATTRIBUTES);
      } catch {
        // Most are refused.
      }
      return performance.now() - begun;
    };
    for (const head of ['name IN (', "name IN ('a',", 'name = ', ''])
      for (const row of ["'", '"', "''", `'"`, "'a'", "','"])
        for (const tail of ['', ')', "'x", '!'])
          for (const count of [60, 61, 10_000])
            expect(millisecondsOf(`${head}${row.repeat(count)}${tail}`), `${head}${row} ${count} ${tail}`).toBeLessThan(
              2000,
            );
  });

  it('is read or refused in its own words, whatever is written', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseFilter(text, VERSION_ATTRIBUTES);
        } catch (error) {
          expect(error).toMatchObject({ code: 'MLFLOW_REFUSED' });
        }
      }),
    );
  });
});
