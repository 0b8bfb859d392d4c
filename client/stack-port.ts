/** One process or dependency of the system, as probed now (contract 4.5a). */
export interface PartStatus {
  readonly name: string;
  readonly state: 'up' | 'down' | 'degraded';
  /** Null for what runs elsewhere. */
  readonly pid: number | null;
  readonly address: string;
  readonly detail: string;
  /** The command or key that mends it; null when nothing is wrong. One that is up may have something to be mended too. */
  readonly fix: string | null;
}

export interface StackStatus {
  readonly healthy: boolean;
  readonly parts: readonly PartStatus[];
}

/** One line of `mlops doctor`. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'problem';
  readonly detail: string;
  /** The command or key that mends it; null when nothing is wrong. */
  readonly fix: string | null;
}

/** Port: the local stack of this machine. */
export interface LocalStack {
  /** Makes what is missing; says what it did. Harmless when repeated. Roles of the own database are made in any case. */
  setup(say: (line: string) => void, options?: { readonly databaseRoles: boolean }): Promise<readonly string[]>;
  /** Starts what is missing in the background and waits until everything is ready. @throws PART_NOT_READY, PORT_TAKEN, STACK_AT_OTHER_PORTS, STACK_OF_OTHER_ENVIRONMENT, DATABASE_NEWER, DATABASE_CHANGED */
  start(say: (line: string) => void): Promise<StackStatus>;
  /** Runs the supervisor in this process until it is told to stop. */
  runInForeground(say: (line: string) => void, signal: AbortSignal): Promise<void>;
  /** Stops every part in order; returns the names of those that ran. */
  stop(say: (line: string) => void): Promise<readonly string[]>;
  status(): Promise<StackStatus>;
  doctor(): Promise<readonly Finding[]>;
  /** Stops everything and removes the state. @throws CLEAN_REFUSED in production */
  clean(say: (line: string) => void): Promise<void>;
}
