import { escapeHtml } from '../../domain/escape-html.ts';
import { judgeQuorum } from '../../domain/registry/approval/quorum.ts';
import type { ApprovalDecision, ApprovalView, EvidenceFigure } from '../../domain/registry/approval/request.ts';
import { renderFigure } from './evidence-bars.ts';

/** Longest reason that the page takes. */
export const LONGEST_REASON = 2000;

/** What somebody is asked, as HTML: the deed, its content, evidence, risk, who has decided, and the form. */
export function renderApprovalView(approval: ApprovalView, principal: string): string {
  const {
    action,
    bound,
    contentDigest,
    environment,
    evidence,
    excluded,
    expiresAt,
    kind,
    quorum,
    resource,
    risk,
    roles,
    round,
  } = approval;
  const nameOf = (id: string): string => escapeHtml(approval.names[id] ?? id);
  const barred = Object.entries(excluded).map(([id, as]) => `${nameOf(id)} (${as})`);
  const { missing } = judgeQuorum(approval, approval.decisions);
  const deed = Object.entries(action).map(([name, value]) => row(name, escapeHtml(wordOf(value))));
  return `<h1 tabindex="-1">May this happen?</h1>
<p class="ask"><b>${escapeHtml(kind)}</b> of <b>${escapeHtml(resource)}</b> in <b>${escapeHtml(environment)}</b></p>
<p>${nameOf(approval.requestedBy)} asks. You decide as <b>${nameOf(principal)}</b>. ${missing} more of ${quorum} approvals wanted, of ${escapeHtml(roles.join(' or '))}, until ${time(expiresAt)}.${round === 1 ? '' : ` Round ${round}: its content changed, and what was given before is void.`}</p>
<p>May not decide: ${barred.join(', ')}.</p>
<section aria-labelledby="what"><h2 id="what">What</h2><dl>${deed.join('')}
${row('content', code(contentDigest))}${row('artifact', code(bound.artifact ?? 'none'))}${row('tests', code(bound.tests))}${row('policy', code(bound.policy))}</dl></section>
<section aria-labelledby="evidence"><h2 id="evidence">Evidence</h2>${evidence.length === 0 ? '<p>None was given.</p>' : evidence.map(renderFigure).join('\n')}
${keyOf(evidence)}</section>
<section aria-labelledby="risk"><h2 id="risk">Risk: ${risk.score} of 100, ${risk.band}</h2><ul>${approval.riskReasons
    .map(({ points, reason }) => `<li>${points}: ${escapeHtml(reason)}</li>`)
    .join('')}</ul></section>
<section aria-labelledby="decided"><h2 id="decided">Who has decided</h2>${decided(approval.decisions, nameOf)}</section>
<form><h2>Your decision</h2>
<label for="reason">Reason <small>(needed to deny; kept sealed in the ledger)</small></label>
<textarea id="reason" name="reason" rows="3" maxlength="${LONGEST_REASON}"></textarea>
<div class="buttons"><button type="submit" name="verdict" value="approve">Approve</button><button type="submit" name="verdict" value="deny" class="deny">Deny</button></div>
<p id="said" role="alert"></p></form>`;
}

/** What the marks of the bars mean, of those that are there. */
function keyOf(evidence: readonly EvidenceFigure[]): string {
  const marks = [
    ...(evidence.length > 0 ? ['now'] : []),
    ...(evidence.some(({ baseline }) => baseline !== null) ? ['before'] : []),
    ...(evidence.some(({ limit }) => limit !== null) ? ['limit'] : []),
  ];
  const shown = marks.map((mark) => `<span class="swatch ${mark}"></span>${mark === 'limit' ? 'wanted' : mark} `);
  return marks.length === 0 ? '' : `<p class="key" aria-hidden="true">${shown.join('')}</p>`;
}

function decided(decisions: readonly ApprovalDecision[], nameOf: (id: string) => string): string {
  if (decisions.length === 0) return '<p>Nobody yet.</p>';
  const lines = decisions.map(({ at, onBehalfOf, principal, verdict }) => {
    const behalf = onBehalfOf === null ? '' : ` on behalf of ${nameOf(onBehalfOf)}`;
    return `<li><b>${verdict === 'approve' ? 'Approved' : 'Denied'}</b> by ${nameOf(principal)}${behalf}, ${time(at)}</li>`;
  });
  return `<ul>${lines.join('')}</ul>`;
}

function row(name: string, html: string): string {
  return `<dt>${escapeHtml(name)}</dt><dd>${html}</dd>`;
}

function code(text: string): string {
  return `<code>${escapeHtml(text)}</code>`;
}

function time(iso: string): string {
  return `<time datetime="${escapeHtml(iso)}">${escapeHtml(iso.slice(0, 16).replace('T', ' '))} UTC</time>`;
}

function wordOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(wordOf).join('; ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
