const WINDOW_MS = 60_000;
const SHORTEST_MS = 5_000;

/** Cores this process used on average over the last minute or so; null while it is too young to tell. */
export function createCpuGauge(
  now: () => number = () => performance.now(),
  usedMs: () => number = () => microseconds(process.cpuUsage()) / 1000,
): () => number | null {
  let samples = [{ at: now(), used: usedMs() }];
  return () => {
    const sample = { at: now(), used: usedMs() };
    const [first = sample] = samples.filter(({ at }) => sample.at - at <= WINDOW_MS);
    samples = [...samples.filter(({ at }) => at >= first.at), sample];
    return sample.at - first.at < SHORTEST_MS ? null : (sample.used - first.used) / (sample.at - first.at);
  };
}

function microseconds({ user, system }: NodeJS.CpuUsage): number {
  return user + system;
}
