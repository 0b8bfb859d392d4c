import { createHash } from 'node:crypto';

/**
 * The page behind a one-time link. It is the same for every link, and holds nothing: its script takes the secret from behind the #,
 * which no browser sends to anybody, out of the address and trades it for what is asked.
 */
const SCRIPT = `
const main = document.querySelector('main');
const secret = location.hash.slice(1);
history.replaceState(null, '', location.pathname);
// The same link in the same tab: without this it would only stand in the address.
addEventListener('hashchange', () => location.reload());
let csrf = '';
async function post(what, body) {
  const answer = await fetch(location.pathname + '/' + what, {
    method: 'POST', credentials: 'same-origin', cache: 'no-store', redirect: 'error',
    headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({ problem: 'The answer cannot be read.' }));
  return { ok: answer.ok, ...said };
}
function tell(title, text) {
  main.replaceChildren();
  const heading = document.createElement('h1');
  heading.tabIndex = -1;
  heading.textContent = title;
  const words = document.createElement('p');
  words.textContent = text;
  main.append(heading, words);
  heading.focus();
}
async function decide(event) {
  event.preventDefault();
  const form = event.target;
  const verdict = event.submitter ? event.submitter.value : 'approve';
  const reason = form.elements.reason.value.trim();
  const said = document.getElementById('said');
  if (verdict === 'deny' && reason === '') {
    said.textContent = 'Say why you deny it.';
    form.elements.reason.setAttribute('aria-invalid', 'true');
    form.elements.reason.focus();
    return;
  }
  const buttons = [...form.querySelectorAll('button')];
  for (const button of buttons) button.disabled = true;
  said.textContent = 'Being written ...';
  try {
    const answer = await post('decide', { verdict, reason, csrf });
    if (answer.ok) return tell(answer.title, answer.text);
    said.textContent = answer.problem;
  } catch {
    said.textContent = 'No answer came. Your decision counts once: you may send it again.';
  }
  for (const button of buttons) button.disabled = false;
}
async function open() {
  try {
    const answer = await post('open', { secret });
    if (!answer.ok) return tell('This link does not work', answer.problem);
    csrf = answer.csrf;
    main.innerHTML = answer.html;
    main.querySelector('form').addEventListener('submit', decide);
    main.querySelector('h1').focus();
  } catch {
    tell('No answer', 'The server did not answer. Load the page again.');
  }
}
open();
`;

const STYLE = `
:root { color-scheme: light dark; --ink: #1a1f26; --paper: #fff; --soft: #5a6472; --line: #c9d0d8; --now: #1f6feb; --before: #9aa6b2; --good: #176f2c; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf1; --paper: #14181d; --soft: #a3adb8; --line: #3b444e; --now: #6ea8fe; --before: #66717d; --good: #6fd388; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 42rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; margin: .5rem 0; } h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
h1:focus { outline: none; }
main { overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: fit-content(40%) minmax(0, 1fr); gap: .25rem .75rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; } code { font-size: .85rem; overflow-wrap: anywhere; }
ul { margin: 0; padding-left: 1.25rem; }
figure { margin: 0 0 .75rem; } figcaption span { color: var(--soft); }
svg { display: block; width: 100%; height: 2.1rem; }
rect.now, .swatch.now { fill: var(--now); background: var(--now); } rect.missed { fill: var(--bad); }
rect.before, .swatch.before { fill: var(--before); background: var(--before); }
line.limit { stroke: var(--ink); stroke-width: 2; stroke-dasharray: 4 3; vector-effect: non-scaling-stroke; }
.swatch { display: inline-block; width: .9rem; height: .9rem; margin: 0 .3rem 0 .8rem; vertical-align: -.1rem; }
.swatch.limit { background: var(--ink); width: 2px; } .key { color: var(--soft); font-size: .9rem; margin: 0; }
.good { color: var(--good); } .bad { color: var(--bad); }
label { display: block; margin-bottom: .25rem; } small { color: var(--soft); }
textarea { width: 100%; font: inherit; color: inherit; background: transparent; border: 1px solid var(--soft); border-radius: .3rem; padding: .5rem; }
textarea[aria-invalid] { border-color: var(--bad); }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: .75rem; }
button { flex: 1 1 9rem; min-height: 3rem; font: inherit; font-weight: 600; border: 2px solid var(--good); border-radius: .4rem; background: var(--good); color: var(--paper); cursor: pointer; }
button.deny { background: transparent; border-color: var(--bad); color: var(--bad); }
button:disabled { opacity: .5; cursor: default; }
:focus-visible { outline: 3px solid var(--now); outline-offset: 2px; }
#said { min-height: 1.5rem; color: var(--bad); }
`;

/** The page; its script and style stand in it, and nothing else may run or be loaded. */
export const APPROVAL_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Approve or deny</title>
<style>${STYLE}</style>
</head>
<body>
<main aria-live="polite"><p>One moment ...</p><noscript><p>This page needs a script, to keep the secret of its link out of the address. Without one: mlops approval approve.</p></noscript></main>
<script>${SCRIPT}</script>
</body>
</html>
`;

/** Nothing of it is kept, framed, sent on, or mixed with anything else. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': [
    `default-src 'none'`,
    `script-src '${digestOf(SCRIPT)}'`,
    `style-src '${digestOf(STYLE)}'`,
    `connect-src 'self'`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

function digestOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
