// How an approval can end, and what becomes of the rights to decide.
import { openStaging, type StagingStudio } from './staging.ts';

/** People hear of it after seconds, and then it is over. */
const HASTY = '{ quorum: 2, roles: [approver], remind_hours: 0.001, escalate_hours: 0.002, expire_hours: 0.004 }';

export const APPROVALS: Readonly<Record<string, () => Promise<void>>> = {
  approvals: async () => {
    const studio = await openStaging();
    try {
      await denied(studio);
      await carriedOut(studio);
      await voided(studio);
    } finally {
      await studio.close();
    }
  },
  'approval-expired': async () => {
    const studio = await openStaging({
      governance: `approvals: { low: ${HASTY}, medium: ${HASTY}, high: ${HASTY}, critical: ${HASTY} }\n`,
    });
    try {
      await studio.keep('approval-expired', `approval/${await studio.request('forgotten')}`);
    } finally {
      await studio.close();
    }
  },
};

/** After everything that does not count: signals without a right, an update that nobody signed, and whoever may not decide. */
async function denied({ as, client, keep, project, request }: StagingStudio): Promise<void> {
  const approvalId = await request('unwanted');
  const handle = client.workflow.getHandle(`approval/${approvalId}`);
  const refused = async (name: string): Promise<void> => {
    const args = ['approval', 'deny', approvalId, '--reason', 'mine'];
    const { code } = await project.mlops(args, { env: { MLOPS_ENV: 'staging', MLOPS_IDENTITY: name } });
    if (code !== 4) throw new Error(`${name} was not refused`);
  };
  await as('ann', 'approval', 'approve', approvalId);
  await handle.signal('approve', { actor: 'ann' });
  await handle.signal('aprove');
  await handle.signal('contentChanged');
  await refused('deputy');
  await refused('author');
  await as('bob', 'approval', 'deny', approvalId, '--reason', 'second thoughts');
  await keep('approval-refused-and-denied', handle.workflowId);
}

/** One approves by a link, as on a phone; another was handed the right of a third. */
async function carriedOut({ as, idsOf, keep, request }: StagingStudio): Promise<void> {
  const approvalId = await request('wanted');
  const { stdout } = await as('ann', 'approval', 'show', approvalId, '--link', '-o', 'json');
  await approveByLink((JSON.parse(stdout) as { link: { url: string } }).link.url);
  await as('bob', 'approval', 'delegate', 'deputy', '--for', '1h');
  await as('deputy', 'approval', 'approve', approvalId);
  await keep('approval-carried-out', `approval/${approvalId}`);
  const [link = '', delegation = ''] = await idsOf('handOver');
  await keep('hand-over-link', link);
  await keep('hand-over-delegation', delegation);
}

async function voided({ as, keep, request }: StagingStudio): Promise<void> {
  const approvalId = await request('retired');
  await as('engineer', 'model', 'retire', 'retired', '1.0.0', '--yes');
  await keep('approval-voided', `approval/${approvalId}`);
}

/** What the page of a link does. */
async function approveByLink(link: string): Promise<void> {
  const { hash, href, origin } = new URL(link);
  const path = href.slice(0, -hash.length);
  const post = async (verb: string, body: object, headers: Record<string, string> = {}): Promise<Response> => {
    const response = await fetch(`${path}/${verb}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin, ...headers },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${verb}: ${await response.text()}`);
    return response;
  };
  const opened = await post('open', { secret: hash.slice(1) });
  const [cookie = ''] = (opened.headers.get('set-cookie') ?? '').split(';');
  const { csrf } = (await opened.json()) as { csrf: string };
  await post('decide', { verdict: 'approve', reason: '', csrf }, { cookie });
}
