import { lookup, type LookupAddress } from 'node:dns';
import { request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestSecure } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { messageOf } from '../../domain/errors.ts';
import { problemOfWebhookUrl, type WebhookRules } from '../../domain/registry/mlflow/webhook/address.ts';
import { hostOf } from '../../domain/url-host.ts';
import { isListedAddress, isPublicAddress } from './public-address.ts';

/** What a receiver answered. */
export interface PostReply {
  readonly status: number;
  /** At most 10,000 characters. */
  readonly text: string;
}

const TIMEOUT_MS = 10_000;
const LONGEST_REPLY = 10_000;

/** Looks a name up; tests say what it means. */
type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

const resolveByDns: Resolve = async (host) =>
  await new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, addresses) => (error === null ? resolve(addresses) : reject(error)));
  });

/**
 * Posts to an address that people of this installation wrote. Its host must be allowed, redirects are not followed, and the
 * address that is connected to is the one that was looked at: a name that means something else a moment later reaches nothing.
 *
 * @throws Error that says in words why there is no answer; it names the host alone
 */
export async function postGuarded(
  order: { readonly url: string; readonly body: string; readonly headers: Readonly<Record<string, string>> },
  rules: WebhookRules,
  resolve: Resolve = resolveByDns,
): Promise<PostReply> {
  const problem = problemOfWebhookUrl(order.url, rules);
  if (problem !== null) throw new Error(`not sent: ${problem}`);
  const addresses = await allowedAddresses(hostOf(order.url), rules, resolve);
  return await send(order, addresses);
}

/** Every address a host means; all of them must be allowed. */
async function allowedAddresses(
  host: string,
  { hosts }: WebhookRules,
  resolve: Resolve,
): Promise<readonly LookupAddress[]> {
  const family = isIP(host);
  const addresses =
    family === 0
      ? await resolve(host).catch((error: unknown) => {
          throw new Error(`host ${host} is not known (${messageOf(error)})`, { cause: error });
        })
      : [{ address: host, family }];
  const refused = addresses.find(({ address }) => !isPublicAddress(address) && !isListedAddress(address, hosts));
  if (addresses.length > 0 && refused === undefined) return addresses;
  throw new Error(
    `not sent: host ${host} means ${refused?.address ?? 'no address'}, which is not public; list the address under registry.webhook_hosts of config/governance.yaml if it is meant`,
  );
}

async function send(
  { body, headers, url }: Parameters<typeof postGuarded>[0],
  addresses: readonly LookupAddress[],
): Promise<PostReply> {
  const known: LookupFunction = (_host, options, done) => {
    const [first] = addresses;
    if (options.all === true || first === undefined) done(null, [...addresses]);
    else done(null, first.address, first.family);
  };
  const request = url.startsWith('https:') ? requestSecure : requestPlain;
  return await new Promise<PostReply>((resolve, reject) => {
    const fail = (error: unknown): void => reject(new Error(`no answer (${messageOf(error)})`, { cause: error }));
    const sent = request(
      url,
      {
        method: 'POST',
        // No connection outlives its request, and none was opened for another one.
        agent: false,
        lookup: known,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      },
      (reply) => {
        readShort(reply).then((text) => resolve({ status: reply.statusCode ?? 0, text }), fail);
      },
    );
    sent.on('error', fail);
    sent.end(body);
  });
}

async function readShort(reply: IncomingMessage): Promise<string> {
  let text = '';
  reply.setEncoding('utf8');
  for await (const part of reply) {
    text += String(part);
    // The rest is nobody's to keep: leaving the loop ends the connection.
    if (text.length >= LONGEST_REPLY) break;
  }
  return text.slice(0, LONGEST_REPLY);
}
