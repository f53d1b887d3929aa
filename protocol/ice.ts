/** ICE servers: STUN and TURN, as a root hands them to its peers (rule R12), and as they are configured. */
import { iceServersMax, iceTextBytesMax, iceUrlsMax } from './limits.ts';

export interface IceServer {
  /** `stun:`, `stuns:`, `turn:` or `turns:` addresses, at least one. */
  readonly urls: readonly string[];
  /** Empty for STUN. */
  readonly username: string;
  readonly credential: string;
}

const address = /^(stun|turn)s?:([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?(\?transport=(udp|tcp))?$/i;

/** Whether an address is one that ICE knows, at most 255 characters. */
export function isIceUrl(url: unknown): url is string {
  return typeof url === 'string' && url.length <= iceTextBytesMax && address.test(url);
}

/** Whether an address is one of TURN, which relays. */
export function isTurnUrl(url: string): boolean {
  return /^turns?:/i.test(url);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= iceTextBytesMax && /^[\x20-\x7e]*$/.test(value);
}

/** One server, or what is wrong with it. */
function checkServer(value: unknown): IceServer | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is no object';
  const { urls, username = '', credential = '', ...rest } = value as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `has a field '${unknown}' that is not known`;
  const list: unknown[] = Array.isArray(urls) ? urls : [urls];
  if (urls === undefined || list.length === 0) return 'has no urls';
  if (list.length > iceUrlsMax) return `has more than ${iceUrlsMax} urls`;
  const wrong = list.find((url) => !isIceUrl(url));
  if (wrong !== undefined)
    return `has ${JSON.stringify(wrong)} among its urls: stun:, stuns:, turn: or turns: is wanted`;
  if (!isText(username) || !isText(credential)) return 'has a username or credential that is no plain text';
  const known = list as string[];
  if (known.some(isTurnUrl) && (username === '' || credential === '')) return 'is TURN without username and credential';
  return { urls: known, username, credential };
}

/** The servers in a text of JSON such as `[{"urls":"stun:stun.example.org"}]`, or what is wrong with it. `[]` is none. */
export function parseIceServers(json: string): readonly IceServer[] | { readonly error: string } {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { error: 'is no JSON' };
  }
  if (!Array.isArray(value)) return { error: 'is no JSON array' };
  if (value.length > iceServersMax) return { error: `has more than ${iceServersMax} servers` };
  const servers: IceServer[] = [];
  for (const [at, each] of value.entries()) {
    const server = checkServer(each);
    if (typeof server === 'string') return { error: `: server ${at + 1} ${server}` };
    servers.push(server);
  }
  return servers;
}
