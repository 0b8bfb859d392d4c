/** Where a minimum was found. */
export interface Minimum {
  readonly at: readonly number[];
  readonly value: number;
}

/** Coefficients of reflection, expansion, contraction and shrinking, as in the paper. */
const [REFLECT, EXPAND, CONTRACT, SHRINK] = [1, 2, 0.5, 0.5];

/**
 * A local minimum of a function of a few variables, without derivatives.
 *
 * @param f finite or +Infinity everywhere
 * @param start where to begin; the first simplex is `start` and one point `step` away along each axis
 * @returns the best point seen. Cost: about `evaluations` calls of `f` at most
 * @see Nelder and Mead, A simplex method for function minimization (1965)
 * @example minimize(([x]) => (x - 3) ** 2, [0], { step: 1 }).at // [3.0000]
 */
export function minimize(
  f: (x: readonly number[]) => number,
  start: readonly number[],
  options: { readonly step: number; readonly evaluations?: number; readonly tolerance?: number },
): Minimum {
  const { step, evaluations = 400, tolerance = 1e-4 } = options;
  const points = [start, ...start.map((_, axis) => start.map((value, i) => (i === axis ? value + step : value)))];
  let simplex = points.map((at): Minimum => ({ at, value: f(at) })).toSorted(byValue);
  const evaluate = (at: readonly number[]): Minimum => ({ at, value: f(at) });
  // A round asks for one or two values, seldom more.
  for (let round = 0; 2 * round < evaluations; round += 1) {
    if (worstOf(simplex).value - bestOf(simplex).value <= tolerance) break;
    const worst = worstOf(simplex);
    const kept = simplex.slice(0, -1);
    const centre = start.map((_, axis) => kept.reduce((sum, { at }) => sum + (at[axis] ?? 0), 0) / kept.length);
    const along = (factor: number): readonly number[] =>
      centre.map((value, axis) => value + factor * (value - (worst.at[axis] ?? 0)));
    const reflected = evaluate(along(REFLECT));
    let next = reflected;
    if (reflected.value < bestOf(simplex).value) next = smaller(reflected, evaluate(along(EXPAND)));
    else if (reflected.value >= worstOf(kept).value)
      next = smaller(reflected, evaluate(along(reflected.value < worst.value ? CONTRACT : -CONTRACT)));
    const improved = next.value < worst.value;
    const rest = improved
      ? [...kept, next]
      : [bestOf(simplex), ...simplex.slice(1).map(({ at }) => evaluate(toward(at)))];
    simplex = rest.toSorted(byValue);
  }
  return bestOf(simplex);

  function toward(at: readonly number[]): readonly number[] {
    return at.map((value, axis) => SHRINK * (value + (bestOf(simplex).at[axis] ?? 0)));
  }
}

function byValue(a: Minimum, b: Minimum): number {
  return a.value - b.value;
}

function smaller(a: Minimum, b: Minimum): Minimum {
  return b.value < a.value ? b : a;
}

function bestOf(simplex: readonly Minimum[]): Minimum {
  return simplex[0]!;
}

function worstOf(simplex: readonly Minimum[]): Minimum {
  return simplex.at(-1)!;
}
