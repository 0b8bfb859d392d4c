/**
 * The inverse of a small square matrix by Gauss-Jordan with row exchange; null when it has none to speak of.
 *
 * @param matrix n rows of n finite numbers
 * @example invertMatrix([[2, 0], [0, 4]]) // [[0.5, 0], [0, 0.25]]
 */
export function invertMatrix(matrix: readonly (readonly number[])[]): number[][] | null {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...Array.from({ length: size }, (_, j) => (i === j ? 1 : 0))]);
  for (let column = 0; column < size; column += 1) {
    const pivot = rows.reduce(
      (best, row, i) => (i >= column && Math.abs(row[column]!) > Math.abs(rows[best]![column]!) ? i : best),
      column,
    );
    const lead = rows[pivot]!;
    if (!(Math.abs(lead[column]!) > SMALLEST_PIVOT)) return null;
    [rows[pivot], rows[column]] = [rows[column]!, lead];
    const scaled = lead.map((value) => value / lead[column]!);
    rows[column] = scaled;
    for (const [i, row] of rows.entries())
      if (i !== column) rows[i] = row.map((value, j) => value - row[column]! * scaled[j]!);
  }
  return rows.map((row) => row.slice(size));
}

const SMALLEST_PIVOT = 1e-12;
