import { z } from 'zod';

/** Who may decide at all (domain/governance/permissions.ts); a request for others would wait for ever. */
const DECIDING = ['reviewer', 'approver'] as const;
const BANDS = ['low', 'medium', 'high', 'critical'] as const;
/** More people than this are no quorum but a vote. */
const MOST_APPROVERS = 20;
/** What was seen that long ago says nothing of today. */
const MOST_HOURS = 90 * 24;

const hours = z.number().gt(0).max(MOST_HOURS);

const TERMS = z.strictObject({
  quorum: z
    .number()
    .int()
    .min(1)
    .max(MOST_APPROVERS)
    .describe('Distinct people who have to approve; author, uploader, data owner, starter and who asks never count'),
  roles: z.array(z.enum(DECIDING)).min(1).describe('An approver has one of these: reviewer, approver'),
  remind_hours: hours.describe('Reminders come this often, hours'),
  escalate_hours: hours.describe('Who is on call is paged after this, hours'),
  expire_hours: hours.describe('It expires after this, hours; what expired is not approved'),
});

type Terms = Record<(typeof BANDS)[number], z.infer<typeof TERMS>>;

/** `approvals` of config/governance.yaml */
export const APPROVALS_SECTION = z
  .strictObject({
    link_base_url: z
      .url()
      .refine(isSafeSite, { error: 'wanted https, or http to this machine, without path, query, user or fragment' })
      .nullable()
      .describe(
        'Where people reach the pages of one-time links, such as https://approvals.example; the API answers them under this host and no other. null: this machine',
      ),
    low: TERMS.describe('Risk 0 to 24'),
    medium: TERMS.describe('Risk 25 to 49'),
    high: TERMS.describe('Risk 50 to 74'),
    critical: TERMS.describe('Risk 75 to 100'),
  })
  .superRefine((approvals: Terms, context) => {
    for (const { path, wanted } of problemsOf(approvals)) context.addIssue({ code: 'custom', path, message: wanted });
  })
  .describe('Who has to approve what, by its risk (docs/how-to/approve.md), and when people are reminded');

/** The secret of a link is traded there: on the way nobody may read along. */
function isSafeSite(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { hostname, href, origin, protocol } = new URL(text);
  const isHere = protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  return (protocol === 'https:' || isHere) && href === `${origin}/`;
}

/** What is riskier never needs less, and people hear of a request before it expires. */
function problemsOf(approvals: Terms): { readonly path: string[]; readonly wanted: string }[] {
  const late = BANDS.flatMap((band) =>
    (['remind_hours', 'escalate_hours'] as const)
      .filter((name) => approvals[band][name] >= approvals[band].expire_hours)
      .map((name) => ({ path: [band, name], wanted: `wanted less than ${band}.expire_hours` })),
  );
  const less = BANDS.slice(1).flatMap((band, index) => {
    const lower = BANDS[index] ?? 'low';
    const { quorum, roles } = approvals[band];
    const isFewer = quorum < approvals[lower].quorum;
    const added = roles.filter((role) => !approvals[lower].roles.includes(role));
    return [
      ...(isFewer ? [{ path: [band, 'quorum'], wanted: `wanted at least ${lower}.quorum: it is riskier` }] : []),
      ...(added.length > 0
        ? [{ path: [band, 'roles'], wanted: `wanted none but those of ${lower}: it is riskier` }]
        : []),
    ];
  });
  return [...late, ...less];
}
