/** Draws from the distributions that traffic is simulated with. */
export interface Sampler {
  /** In [0, 1). */
  uniform(): number;
  normal(): number;
  poisson(mean: number): number;
  binomial(n: number, p: number): number;
  /** Mean 1, coefficient of variation `cv`; 1 when cv is 0. */
  gammaNoise(cv: number): number;
}

export function createSampler(uniform: () => number): Sampler {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    uniform,
    normal,
    poisson: (mean) => poisson(mean, uniform, normal),
    binomial: (n, p) => binomial(n, p, uniform, normal),
    gammaNoise: (cv) => (cv === 0 ? 1 : gamma(1 / (cv * cv), uniform, normal) * cv * cv),
  };
}

/**
 * Exact up to a mean of 30 (Knuth); above, the rounded normal, whose distribution function is off by 0.012 at 31, 0.005 at
 * 200 and 0.0009 at 6000. Only the number of requests of a tick is drawn with such means.
 */
function poisson(mean: number, uniform: () => number, normal: () => number): number {
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = uniform(); product > limit; product *= uniform()) count += 1;
  return count;
}

/**
 * Exact by waiting times up to 60 expected events; above, the rounded normal, whose distribution function is off by at
 * most 0.009.
 */
function binomial(n: number, p: number, uniform: () => number, normal: () => number): number {
  if (p <= 0 || n <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(n, 1 - p, uniform, normal);
  if (n * p > 60) return Math.min(n, Math.max(0, Math.round(n * p + Math.sqrt(n * p * (1 - p)) * normal())));
  const log = Math.log(1 - p);
  let count = 0;
  for (let at = Math.floor(Math.log(1 - uniform()) / log); at < n; at += 1 + Math.floor(Math.log(1 - uniform()) / log))
    count += 1;
  return count;
}

/** Marsaglia and Tsang, A simple method for generating gamma variables (2000). */
function gamma(shape: number, uniform: () => number, normal: () => number): number {
  if (shape < 1) return gamma(shape + 1, uniform, normal) * uniform() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
