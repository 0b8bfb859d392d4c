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
   * Writes what a release runs from into a folder: its settings, under the name and version it is registered by, and the
   * index it searches. @throws EXAMPLE_NOT_STARTED
   */
  exportRelease(order: {
    readonly release: string;
    readonly model: string;
    readonly version: string;
    readonly folder: string;
  }): Promise<{ readonly indexVersion: string }>;
  /** Runs the program that reports a deployment, as the brief does; it prints a line of JSON. */
  recordDeployment(args: readonly string[], env: Readonly<Record<string, string>>): Promise<ProgramRun>;
  /** Runs `mlops` as a person would; every line on stderr is passed on as it comes. */
  runMlops(
    args: readonly string[],
    options: {
      readonly onLine?: (line: string) => void;
      /** That of the working directory (the default) or of examples/demo. */
      readonly configuration?: 'own' | 'demo';
      /** Variables beside those of this process. */
      readonly env?: Readonly<Record<string, string>>;
    },
  ): Promise<ProgramRun>;
  /** Runs Temporal's own command line. @throws TEMPORAL_SERVER_MISSING */
  runTemporal(args: readonly string[]): Promise<ProgramRun>;
}
