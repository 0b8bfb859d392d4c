import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isForCallers, messageOf, MlopsError } from '../../domain/errors.ts';
import type { composeApprovals } from '../approvals.ts';
import { APPROVAL_PAGE, PAGE_HEADERS } from './approval-page.ts';
import type { LinkSite } from './link-site.ts';
import { LONGEST_REASON, renderApprovalView } from './approval-view.ts';

type Approvals = ReturnType<typeof composeApprovals>;
type LinkRequest = FastifyRequest<{ Params: { linkId: string }; Body: unknown }>;

const COOKIE = 'mlops-link';
/** A page that was opened may be read this long. */
const COOKIE_SECONDS = 30 * 60;
const SECRET = /^[\w-]{20,100}$/;

/**
 * The page behind one-time links. The secret of a link comes in the body of a request, once, and is kept by the browser in a cookie that
 * no script reads and no other site sends; a second token, which no cookie carries, has to come with the decision.
 */
export function registerApprovalLinks(
  app: FastifyInstance,
  approvals: () => Promise<Pick<Approvals, 'decideByLink' | 'openLink'>>,
  site: LinkSite,
): void {
  app.addHook('onRequest', async (request, reply) => {
    // Whoever lets a name of theirs lead here gets no page of ours under it.
    if (!isOfLink(request) || site.isHost(request.headers.host)) return undefined;
    return await reply.status(421).headers(PAGE_HEADERS).send({ problem: 'This page is not at this address.' });
  });
  app.get(
    '/approve/:linkId',
    async (_request, reply) => await reply.headers(PAGE_HEADERS).type('text/html; charset=utf-8').send(APPROVAL_PAGE),
  );
  app.post('/approve/:linkId/open', async (request, reply) => {
    const { linkId } = (request as LinkRequest).params;
    return await answer(site, request, reply, async () => {
      const given = textOf(request.body, 'secret');
      const secret = given === '' ? cookieOf(request) : given;
      // After half an hour, or in another browser: the page has forgotten it, and the link may be as good as ever.
      if (secret === '')
        throw new MlopsError('APPROVAL_LINK_INVALID', {
          problem: 'its secret is not here: open the link as you got it',
        });
      const { approval, principal } = await (await approvals()).openLink(codeOf(linkId, secret));
      setCookie(request, reply, linkId, secret, COOKIE_SECONDS);
      return { csrf: csrfOf(secret), html: renderApprovalView(approval, principal) };
    });
  });
  app.post('/approve/:linkId/decide', async (request, reply) => {
    const { linkId } = (request as LinkRequest).params;
    return await answer(site, request, reply, async () => {
      const secret = cookieOf(request);
      if (!isSame(textOf(request.body, 'csrf'), csrfOf(secret)))
        throw new Refusal('Open the link again: this page is too old.');
      const verdict = textOf(request.body, 'verdict');
      const reason = textOf(request.body, 'reason').trim();
      if (verdict !== 'approve' && verdict !== 'deny') throw new Refusal('Say whether you approve or deny it.');
      if (verdict === 'deny' && reason === '') throw new Refusal('Say why you deny it.');
      if (reason.length > LONGEST_REASON) throw new Refusal(`Give a reason of at most ${LONGEST_REASON} characters.`);
      const { missing, state } = await (await approvals()).decideByLink(codeOf(linkId, secret), { verdict, reason });
      setCookie(request, reply, linkId, '', 0);
      return { title: verdict === 'approve' ? 'Approved, thank you' : 'Denied', text: outcome(state, missing) };
    });
  });
}

/** Something that the page did wrong, in words for who reads it. */
class Refusal extends Error {}

async function answer(
  site: LinkSite,
  request: FastifyRequest,
  reply: FastifyReply,
  work: () => Promise<object>,
): Promise<FastifyReply> {
  void reply.headers(PAGE_HEADERS);
  // A browser says where a request comes from, and another site is not where.
  if (!site.isOrigin(request.headers.origin))
    return await reply.status(403).send({ problem: 'Only the page of the link may send this.' });
  try {
    return await reply.send(await work());
  } catch (error) {
    if (error instanceof Refusal) return await reply.status(400).send({ problem: error.message });
    if (!isForCallers(error)) throw error;
    return await reply
      .status(error.exitCode === 4 || error.exitCode === 2 ? 403 : 503)
      .send({ problem: messageOf(error) });
  }
}

/** Whether a request is for the page of a link. */
export function isOfLink({ routeOptions, url }: FastifyRequest): boolean {
  return url.startsWith('/approve/') || routeOptions.url?.startsWith('/approve/') === true;
}

function outcome(state: string, missing: number): string {
  if (state === 'pending') return `It is counted. ${missing} more approval${missing === 1 ? ' is' : 's are'} wanted.`;
  return `It is written: this is ${state} now. You can close the page.`;
}

function codeOf(linkId: string, secret: string): string {
  return SECRET.test(secret) ? `${linkId}.${secret}` : '';
}

/** What only the page that was opened by this secret knows; made of it, so that every process of the API knows it too. */
function csrfOf(secret: string): string {
  return createHash('sha256').update(`csrf\n${secret}`).digest('base64url');
}

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function cookieOf({ headers }: FastifyRequest): string {
  const found = (headers.cookie ?? '').split('; ').find((one) => one.startsWith(`${COOKIE}=`));
  return found?.slice(COOKIE.length + 1) ?? '';
}

function setCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  linkId: string,
  secret: string,
  seconds: number,
): void {
  const secure = request.headers.origin?.startsWith('https:') === true ? '; Secure' : '';
  void reply.header(
    'set-cookie',
    `${COOKIE}=${secret}; Path=/approve/${encodeURIComponent(linkId)}; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`,
  );
}

function textOf(body: unknown, name: string): string {
  const value = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' ? value : '';
}
