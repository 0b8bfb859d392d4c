import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** Calls an address under a name of the caller's choice, as a page does whose name was made to lead there. */
export async function askAs(host: string, url: string, headers: Record<string, string> = {}) {
  const sent = request(url, { headers: { ...headers, host } });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, body: await text(answer) };
}
