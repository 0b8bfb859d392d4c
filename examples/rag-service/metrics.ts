/** Request counters and latencies of the service itself, for Prometheus. */
export interface ServiceMetrics {
  observe(status: number, milliseconds: number): void;
  /** Prometheus text, version 0.0.4. */
  render(): string;
}

const BOUNDS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

export function createServiceMetrics(version: string): ServiceMetrics {
  const byStatus = new Map<number, number>();
  const buckets = BOUNDS_SECONDS.map(() => 0);
  let count = 0;
  let seconds = 0;
  return {
    observe(status, milliseconds) {
      byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
      count += 1;
      seconds += milliseconds / 1000;
      BOUNDS_SECONDS.forEach((bound, i) => {
        if (milliseconds / 1000 <= bound) buckets[i] = (buckets[i] ?? 0) + 1;
      });
    },
    render() {
      const requests = [...byStatus].map(
        ([status, n]) => `rag_requests_total{version="${version}",status="${status}"} ${n}`,
      );
      const latency = BOUNDS_SECONDS.map(
        (bound, i) => `rag_request_duration_seconds_bucket{version="${version}",le="${bound}"} ${buckets[i] ?? 0}`,
      );
      return [
        '# TYPE rag_requests_total counter',
        ...requests,
        '# TYPE rag_request_duration_seconds histogram',
        ...latency,
        `rag_request_duration_seconds_bucket{version="${version}",le="+Inf"} ${count}`,
        `rag_request_duration_seconds_sum{version="${version}"} ${seconds}`,
        `rag_request_duration_seconds_count{version="${version}"} ${count}`,
        '# TYPE process_resident_memory_bytes gauge',
        `process_resident_memory_bytes{version="${version}"} ${process.memoryUsage.rss()}`,
        '',
      ].join('\n');
    },
  };
}
