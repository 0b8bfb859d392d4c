import { ServerResponse, type OutgoingHttpHeader, type OutgoingHttpHeaders } from 'node:http';

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

/**
 * An answer to a client. A service can give a status, and words for it, that HTTP does not let one write: Node throws then,
 * in the middle of a stream, and the process would end. Such a status is 502, and the words are always the usual ones.
 */
export class ClientAnswer extends ServerResponse {
  override writeHead(status: number, reason?: string | Headers, headers?: Headers): this {
    const sayable = status >= 200 && status <= 999 ? status : 502;
    this.statusMessage = '';
    return typeof reason === 'string' ? super.writeHead(sayable, reason, headers) : super.writeHead(sayable, reason);
  }
}
