/** A program of examples/ that runs until it is stopped. */
export interface RunningExample {
  readonly pid: number;
  /** What it printed when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Ends it with SIGTERM (SIGKILL after 10 s) and gives the last line it printed, parsed; null when it printed none. */
  stop(): Promise<Readonly<Record<string, unknown>> | null>;
}

/** How a program that was run to its end ended. */
export interface ProgramRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Port: the programs that come with the project, as separate processes. */
export interface Examples {
  /** One release of examples/rag-service; `ready.address` is where it answers. @throws EXAMPLE_NOT_STARTED */
  startRelease(version: string): Promise<RunningExample>;
  /** Users of the service behind a gateway. @throws EXAMPLE_NOT_STARTED */
  startTraffic(options: {
    readonly gateway: string;
    readonly model: string;
    readonly perSecond: number;
  }): Promise<RunningExample>;
  /** The labelled queries the service is measured with; `test` are those that figures are published for. */
  loadQueries(): Promise<readonly { readonly query: string; readonly relevantId: string }[]>;
  /**
   * Runs `mlops` as a person would, with the configuration of the working directory or of examples/demo; every line on
   * stderr is passed on as it comes.
   */
  runMlops(
    args: readonly string[],
    onLine: (line: string) => void,
    configuration?: 'own' | 'demo',
  ): Promise<ProgramRun>;
  /** Runs Temporal's own command line. @throws TEMPORAL_SERVER_MISSING */
  runTemporal(args: readonly string[]): Promise<ProgramRun>;
}
