// Records the histories that test/replay replays: `node test/support/record-histories.ts [NAME...]`; without names all of them, which
// takes half an hour. CONTRIBUTING.md says when.
import { APPROVALS } from './recordings/approvals.ts';
import { PRODUCTION } from './recordings/production.ts';
import { ROLLOUTS } from './recordings/rollouts.ts';
import { SHORT } from './recordings/short.ts';

const RECORDINGS: Readonly<Record<string, () => Promise<void>>> = {
  ...ROLLOUTS,
  ...PRODUCTION,
  ...APPROVALS,
  ...SHORT,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => RECORDINGS[name] === undefined);
if (unknown.length > 0)
  throw new Error(`no recording ${unknown.join(', ')}; wanted one of ${Object.keys(RECORDINGS).join(', ')}`);
for (const [name, record] of Object.entries(RECORDINGS)) if (asked.length === 0 || asked.includes(name)) await record();
