import { ApplicationFailure, patched, setDefaultSignalHandler, setHandler, workflowInfo } from '@temporalio/workflow';
import { sourceOf } from '../../domain/governance/act-source.ts';
import { claimOf, parseApprovalSignal, type ApprovalSignal } from '../../domain/rollout/approval-signal.ts';
import { skippedBy } from '../../domain/rollout/approval-request.ts';
import { missingToEnter } from '../../domain/rollout/missing-evidence.ts';
import { currentStep, type AskedAction, type PendingAction, type RolloutRun } from '../../domain/rollout/run.ts';
import {
  abortUpdate,
  approvalDecidedSignal,
  approveSignal,
  approveUpdate,
  denyUpdate,
  pauseUpdate,
  promoteUpdate,
  resumeUpdate,
  statusQuery,
  timelineQuery,
  type ActionAccepted,
  type ActionInput,
  type PromoteInput,
} from '../messages.ts';
import { noteAsked } from './asked.ts';
import { assertMay, claimProblem } from './authorise.ts';
import type { RolloutContext } from './context.ts';
import { askToSkip, decideRequest, decisionProblem } from './decide.ts';
import { show } from './record.ts';
import { statusOf } from './status.ts';
import { stopStage } from './stop.ts';

/**
 * Registers every message. Validators are synchronous: what is refused is refused at once and leaves nothing in the
 * history. Handlers only note what was asked; the main loop carries it out.
 */
export function registerHandlers(context: RolloutContext): void {
  setHandler(statusQuery, () => statusOf(context, workflowInfo()));
  setHandler(timelineQuery, () => context.timeline);
  setHandler(approveUpdate, ...answered(context, 'approve', approvalProblem, approve));
  setHandler(denyUpdate, ...answered(context, 'deny', approvalProblem, deny));
  setHandler(pauseUpdate, ...answered(context, 'pause', pauseProblem, pause));
  setHandler(resumeUpdate, ...answered(context, 'resume', resumeProblem, resume));
  setHandler(promoteUpdate, ...answered(context, 'promote', promoteProblem, promote));
  setHandler(abortUpdate, ...answered(context, 'abort', openProblem, abort));
  setHandler(approvalDecidedSignal, () => {
    context.isDecided = true;
    context.woken = true;
  });
  setHandler(approveSignal, (...inputs) => approveBySignal(context, inputs));
  setDefaultSignalHandler((name) => {
    if (!patched('unknown-signals-are-refused')) return;
    note(context, { event: 'signal-refused', actor: 'signal', detail: `no signal is named ${name}: wanted approve` });
  });
}

/** An update's handler and validator: who asks is verified, and what is asked must fit, before and after. */
function answered<Input extends ActionInput>(
  context: RolloutContext,
  action: string,
  problemOf: (context: RolloutContext) => string | null,
  take: (context: RolloutContext, input: Input) => ActionAccepted | Promise<ActionAccepted>,
): [(input: Input) => Promise<ActionAccepted>, { validator: (input: Input) => void }] {
  const validator = (input: Input): void => mustBe(context, input, problemOf(context), action);
  const handler = async (input: Input): Promise<ActionAccepted> => {
    if (context.run.asksApprovals === true && (action === 'approve' || action === 'deny'))
      return await decideRequest(context, action, input);
    const { actor: _actor, statement, ...content } = input;
    if (statement !== undefined) {
      await assertMay(action, input, content);
      // The rollout went on while somebody looked.
      validator(input);
    }
    return take(context, input);
  };
  return [handler, { validator }];
}

/** The signal takes the same path; a refusal cannot be answered, so it is shown and recorded. */
function approveBySignal(context: RolloutContext, inputs: readonly unknown[]): void {
  const sent = parseApprovalSignal(inputs);
  const problem = shapeProblem(sent, inputs[0]) ?? unsignedProblem(context) ?? approvalProblem(context);
  if (problem === null) {
    approve(context, { actor: sent.actor, reason: sent.reason });
    return;
  }
  const detail = sent.claimed === '' ? problem : `${problem} (${claimOf(sent.claimed)})`;
  const refusal = { event: 'approval-refused' as const, actor: sent.actor, detail };
  if (patched('refused-signals-are-recorded')) note(context, refusal);
  else show(context, { key: '', ...refusal });
}

/** Who sends a signal is not known: in production that is nobody. */
function unsignedProblem({ request }: RolloutContext): string | null {
  if (request.environment !== 'production' || !patched('signals-approve-nothing-in-production')) return null;
  return 'in production an approval must be signed: `mlops rollout approve`';
}

/** Rollouts that began before go on as they began: what they took for an approval was one. */
function shapeProblem({ problem }: ApprovalSignal, input: unknown): string | null {
  if (problem === null || patched('signals-are-strict')) return problem;
  const given = (input ?? {}) as Readonly<Record<string, unknown>>;
  const wasKnown =
    typeof given === 'object' &&
    [given['actor'], given['reason']].every((field) => ['string', 'undefined'].includes(typeof field));
  return wasKnown || !patched('signals-have-a-shape') ? null : problem;
}

function approve(context: RolloutContext, input: ActionInput): ActionAccepted {
  const { run } = context;
  if (run.review !== null) {
    const { metrics } = run.review;
    run.waived.push(...metrics);
    run.review = null;
    return accept(context, input, 'approve', `review of ${metrics.join(', ')}: goes on`, { waived: metrics });
  }
  run.approval = pendingOf(input);
  const missing = missingToEnter(context.request, run);
  const when = missing.length === 0 ? '' : `, which waits for: ${missing.join('; ')}`;
  return accept(context, input, 'approve', `step ${run.stepIndex + 1}${when}`);
}

function deny(context: RolloutContext, input: ActionInput): ActionAccepted {
  context.run.denial = pendingOf(input);
  const accepted = accept(context, input, 'deny', 'rolls back');
  stopStage(context);
  return accepted;
}

function promote(context: RolloutContext, input: PromoteInput): ActionAccepted | Promise<ActionAccepted> {
  const { request, run } = context;
  const skipped = run.asksApprovals === true ? skippedBy(request, run, input.full) : [];
  if (skipped.length > 0) return askToSkip(context, input, skipped);
  run.override = { ...pendingOf(input), full: input.full };
  return accept(context, input, 'promote', input.full ? 'straight to 100 %' : 'next step');
}

function abort(context: RolloutContext, input: ActionInput): ActionAccepted {
  context.run.abort = pendingOf(input);
  const accepted = accept(context, input, 'abort', 'weight goes to 0');
  stopStage(context);
  return accepted;
}

function pause(context: RolloutContext, input: ActionInput): ActionAccepted {
  context.run.pausedBy = pendingOf(input);
  return accept(context, input, 'pause', `frozen at ${context.run.intended.canaryBasisPoints / 100} %`);
}

function resume(context: RolloutContext, input: ActionInput): ActionAccepted {
  const { run } = context;
  if (run.pausedBy === null) endPlannedPause(run, input);
  run.pausedBy = null;
  return accept(context, input, 'resume', 'goes on');
}

/** The planned pause is over; what else the next step needs is still needed. */
function endPlannedPause(run: RolloutRun, input: ActionInput): void {
  // In rollouts that began before, a resumed pause was an override.
  if (patched('resumed-pauses-are-no-overrides')) run.resumed = { ...pendingOf(input), stepIndex: run.stepIndex };
  else run.override = { ...pendingOf(input), full: false };
}

/** What was asked, without the proof of who asked it. */
function pendingOf(input: ActionInput): PendingAction {
  return { actor: input.actor, reason: input.reason, ...sourceOf(input) };
}

function accept(
  context: RolloutContext,
  input: ActionInput,
  event: AskedAction['event'],
  what: string,
  facts?: AskedAction['facts'],
): ActionAccepted {
  const detail = input.reason === '' ? what : `${what} (${input.reason})`;
  note(context, { event, actor: input.actor, detail, ...(facts === undefined ? {} : { facts }), ...sourceOf(input) });
  return { accepted: true, what };
}

/** Notes what was asked and wakes the main loop, which carries it out. */
function note(context: RolloutContext, asked: Omit<AskedAction, 'at'>): void {
  noteAsked(context, asked);
  context.woken = true;
}

function mustBe(context: RolloutContext, input: ActionInput, problem: string | null, action: string): void {
  const found =
    inputProblem(input, action) ??
    claimProblem(context.request.environment, action, input) ??
    problem ??
    unseenProblem(context, input, action);
  if (found !== null) throw ApplicationFailure.nonRetryable(`${action} refused: ${found}`, 'ROLLOUT_REFUSED_ACTION');
}

/** Where people decide by requests, a decision is about what was seen of one. */
function unseenProblem(context: RolloutContext, input: ActionInput, action: string): string | null {
  const isDecision = context.run.asksApprovals === true && (action === 'approve' || action === 'deny');
  return isDecision ? decisionProblem(context, input) : null;
}

/** Any client may send an update of any shape. */
function inputProblem(input: unknown, action: string): string | null {
  const given = (input ?? {}) as Partial<Record<keyof PromoteInput, unknown>>;
  if (typeof given.actor !== 'string' || given.actor === '') return 'nobody is named as actor';
  if (typeof given.reason !== 'string') return `its reason is ${wordOf(given.reason)}, wanted text (it may be empty)`;
  if (action === 'promote' && typeof given.full !== 'boolean')
    return `its full is ${wordOf(given.full)}, wanted true or false`;
  return null;
}

function wordOf(value: unknown): string {
  return value === undefined ? 'missing' : value === null ? 'null' : `a ${typeof value}`;
}

function openProblem(context: RolloutContext): string | null {
  if (context.phase === 'closed' || context.phase === 'rolling-back') return `the rollout is ${context.phase}`;
  if (context.ending !== null) return `the rollout is ending: ${context.ending.outcome}`;
  return context.run.abort === null ? null : 'it is being aborted already';
}

function approvalProblem(context: RolloutContext): string | null {
  const { request, run } = context;
  const problem = openProblem(context);
  if (problem !== null) return problem;
  const waitsAtGate = run.stage === 'gate' && currentStep(request, run).gate && run.approval === null;
  return waitsAtGate || run.review !== null ? null : 'nothing waits for an approval';
}

function pauseProblem(context: RolloutContext): string | null {
  return (
    openProblem(context) ?? (context.run.pausedBy === null ? null : `already paused by ${context.run.pausedBy.actor}`)
  );
}

function resumeProblem(context: RolloutContext): string | null {
  const { request, run } = context;
  const inPauseStep =
    run.stage === 'observe' && currentStep(request, run).kind === 'pause' && run.resumed?.stepIndex !== run.stepIndex;
  return openProblem(context) ?? (run.pausedBy !== null || inPauseStep ? null : 'it is not paused');
}

function promoteProblem(context: RolloutContext): string | null {
  const { request, run } = context;
  const problem = openProblem(context);
  if (problem !== null) return problem;
  if (request.kind === 'a/a') return 'it is an A/A run: there is nothing to promote';
  if (run.stage === 'prepare') return 'pre-flight has not passed yet';
  if (run.review !== null) return `a review of ${run.review.metrics.join(', ')} is open: approve or deny it first`;
  if (run.pausedBy !== null) return `it is paused by ${run.pausedBy.actor}: resume it first`;
  const skip = run.skip ?? null;
  if (skip !== null) return `a promotion by ${skip.actor} waits for its approval`;
  return run.override === null ? null : `a promotion by ${run.override.actor} is being carried out`;
}
