/** Where a request comes from when proxies stand in front of the root. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** Most proxies that may be trusted to stand in a row. */
export const proxyHopsMax = 8;

/** An address as proxies write it: bare, in brackets, or with a port behind it. */
function bare(text: string): string {
  const trimmed = text.trim();
  const [, bracketed] = /^\[([^\]]+)\](?::\d+)?$/.exec(trimmed) ?? [];
  const [, v4] = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(trimmed) ?? [];
  return bracketed ?? v4 ?? trimmed;
}

/**
 * The address of the client. With `hops` proxies trusted it is the one that the farthest of them saw: the entry `hops` from
 * the end of `X-Forwarded-For`. What stands before it anybody may have written, so it is never looked at; neither is the
 * header without trust. An entry that is no address ends the search: the last good one counts.
 */
export function clientAddress(request: IncomingMessage, hops: number): string {
  let address = request.socket.remoteAddress ?? '';
  if (hops === 0) return address;
  const header = request.headers['x-forwarded-for'];
  const entries = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').map(bare).reverse();
  for (const entry of entries.slice(0, hops)) {
    if (isIP(entry) === 0) break;
    address = entry;
  }
  return address;
}

/** Whether the client's own connection is TLS. Without trusted proxies only this server's own counts. */
export function cameByTls(request: IncomingMessage, hops: number, isTlsHere: boolean): boolean {
  if (hops === 0) return isTlsHere;
  const header = request.headers['x-forwarded-proto'];
  const scheme = (Array.isArray(header) ? header[0] : header)?.split(',').at(-1)?.trim();
  return scheme === undefined ? isTlsHere : scheme === 'https';
}
