import { Context } from '@temporalio/activity';
import { DETECTORS, type AccessFinding, type Detector } from '../domain/governance/access-watch/finding.ts';
import { riskOf } from '../domain/governance/access-watch/finding-draft.ts';
import { alive } from './alive.ts';
import type { Notification, Outbox } from './ports.ts';

/** What one look came to. */
export interface AccessLook {
  /** Events that were looked at. */
  readonly looked: number;
  readonly raised: number;
  /** Events that are left. */
  readonly left: number;
}

/** An alarm, and its event in the ledger. */
export interface RaisedFinding extends AccessFinding {
  readonly sequence: number;
}

/** An alarm that is over, and the event that says so. */
export interface EndedAlarm {
  /** Sequence of the event that raised it. */
  readonly alarm: number;
  readonly principal: string;
  readonly detector: Detector;
  readonly sequence: number;
  /** ISO 8601, UTC */
  readonly endedAt: string;
}

/** Port: the place of the watch, what it knows, and what it raised. */
export interface AccessWatchStore {
  /** Looks at the next events and writes what it finds, each once whoever looks. @throws DATABASE_UNREACHABLE, LEDGER_CLOSED */
  look(): Promise<AccessLook>;
  /** Alarms that nobody was told of, oldest first. */
  untold(): Promise<readonly RaisedFinding[]>;
  told(sequence: number): Promise<void>;
  /** Writes the end of alarms that are over; returns how many. */
  end(): Promise<number>;
  /** Ends that nobody was told of, oldest first. */
  untoldEnds(): Promise<readonly EndedAlarm[]>;
  toldEnd(alarm: number): Promise<void>;
}

/** What a run of the watch did. */
export interface AccessWatchReport {
  readonly state: 'off' | 'watched';
  readonly looked: number;
  readonly raised: number;
  /** Alarms and ends of alarms that people were told of. */
  readonly told: number;
  /** Alarms that were over; absent in reports of before it was kept. */
  readonly ended?: number;
  /** Events that are left for the next run. */
  readonly left: number;
}

interface AccessWatchPorts {
  /** Null: it is turned off. */
  readonly accessWatch: AccessWatchStore | null;
  readonly outbox: Outbox;
}

/** A run that begins with a long history goes on in the next. */
const MOST_LOOKS = 50;

/** Activities of the watch over who does what. */
export function createAccessWatchActivities({ accessWatch, outbox }: AccessWatchPorts) {
  return {
    /** Looks at what is new in the ledger, and tells people what was found; what an earlier attempt could not tell as well. What is over is written too. */
    async watchAccess({ environment }: { readonly environment: string }): Promise<AccessWatchReport> {
      if (accessWatch === null) return { state: 'off', looked: 0, raised: 0, told: 0, left: 0 };
      let progress = progressOf(Context.current().info.heartbeatDetails);
      return await alive(
        async () => {
          let left = 0;
          do {
            Context.current().cancellationSignal.throwIfAborted();
            const found = await accessWatch.look();
            const { looked, looks, raised } = progress;
            progress = { looks: looks + 1, looked: looked + found.looked, raised: raised + found.raised };
            Context.current().heartbeat(progress);
            ({ left } = found);
          } while (left > 0 && progress.looks < MOST_LOOKS);
          const { looked, raised } = progress;
          return {
            state: 'watched',
            looked,
            raised,
            left,
            ...(await tellAll(accessWatch, outbox, { environment, left })),
          };
        },
        () => progress,
      );
    },
  };
}

/** How far a run has come, over all of its attempts: the place in the ledger is in the database. */
interface Progress {
  readonly looks: number;
  readonly looked: number;
  readonly raised: number;
}

function progressOf(beat: unknown): Progress {
  return (beat as Progress | null | undefined) ?? { looks: 0, looked: 0, raised: 0 };
}

/** Tells people what they were not told, and writes what is over. */
async function tellAll(
  accessWatch: AccessWatchStore,
  outbox: Outbox,
  { environment, left }: { readonly environment: string; readonly left: number },
): Promise<Pick<AccessWatchReport, 'told' | 'ended'>> {
  const news = await accessWatch.untold();
  for (const finding of news) {
    await outbox.send(newsOf(finding, environment), null);
    await accessWatch.told(finding.sequence);
  }
  // What it has not looked at yet may go on with what was alarming.
  const ended = left === 0 ? await accessWatch.end() : 0;
  const ends = await accessWatch.untoldEnds();
  for (const end of ends) {
    await outbox.send(newsOfEnd(end, environment), null);
    await accessWatch.toldEnd(end.alarm);
  }
  return { told: news.length + ends.length, ended };
}

/** What people outside are told: ids and figures. */
function newsOf(finding: RaisedFinding, environment: string): Notification {
  const { atMs, detector, principal, sequence, startedMs, ...figures } = finding;
  return {
    idempotencyKey: `access-watch/${environment}/${sequence}`,
    event: 'access-alarm',
    rolloutId: `access-watch/${environment}`,
    model: principal,
    environment,
    at: new Date(atMs).toISOString(),
    summary: `${principal}: ${DETECTORS[detector]} (${amount(figures.observed)} ${figures.unit}, usually ${amount(figures.baseline)}): mlops audit event ${sequence}`,
    severity: riskOf(detector) === 'high' ? 'page' : 'warning',
    details: { principal, detector, sequence, startedAt: new Date(startedMs).toISOString(), ...figures },
  };
}

function newsOfEnd({ endedAt, ...end }: EndedAlarm, environment: string): Notification {
  const { alarm, detector, principal } = end;
  return {
    idempotencyKey: `access-watch/${environment}/${alarm}/ended`,
    event: 'access-alarm-ended',
    rolloutId: `access-watch/${environment}`,
    model: principal,
    environment,
    at: endedAt,
    summary: `${principal}: over, a day without another: ${DETECTORS[detector]}: mlops audit event ${alarm}`,
    severity: 'info',
    details: end,
  };
}

function amount(value: number): string {
  return String(Math.round(value * 100) / 100);
}
