import type { MlopsConfig } from '../../config/schema.ts';

/** Where the pages of one-time links are, as browsers reach them. */
export interface LinkSite {
  /** Base URL of links, without a slash at its end. */
  readonly baseUrl: string;
  /** Whether a request was meant for this site: a name that merely leads here is somebody else's. */
  isHost(host: string | undefined): boolean;
  /** Whether a page of this site sent it. */
  isOrigin(origin: string | undefined): boolean;
}

/** The site of links: the one that is configured and no other, or this machine. */
export function linkSiteOf({ governance, ports }: Pick<MlopsConfig, 'governance' | 'ports'>): LinkSite {
  const { linkBaseUrl } = governance;
  if (linkBaseUrl !== null) {
    const { host, origin, protocol } = new URL(linkBaseUrl);
    return {
      baseUrl: origin,
      isHost: (given) => hostOf(protocol, given) === host,
      isOrigin: (given) => given === origin,
    };
  }
  const hosts = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${ports.api}`);
  return {
    baseUrl: `http://127.0.0.1:${ports.api}`,
    isHost: (given) => given !== undefined && hosts.includes(given),
    // A proxy on this machine may have taken TLS off.
    isOrigin: (given) => given !== undefined && URL.canParse(given) && hosts.includes(new URL(given).host),
  };
}

/** A host as browsers write it: without the port that goes without saying. */
function hostOf(protocol: string, given: string | undefined): string | null {
  const url = `${protocol}//${given ?? ''}`;
  return URL.canParse(url) ? new URL(url).host : null;
}
