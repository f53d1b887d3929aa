/** The command line of the root server. */
import { parseArgs } from 'node:util';
import { clientsDefault, clientsMax } from '../protocol/limits.ts';
import { proxyHopsMax } from './client-address.ts';

export interface ServeArguments {
  readonly port: number;
  readonly host: string | undefined;
  readonly https: boolean;
  readonly maxClients: number;
  /** Origins besides the server's own whose pages may register. */
  readonly origins: readonly string[];
  /** Proxies in front of the server. */
  readonly trustProxy: number;
  /** File that keeps the root's key. */
  readonly key: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
}

export const usage = `Usage: npm start -- [options]     (or: npx banyan serve [options])

  --port N          port to listen on (3000); 0 lets the system choose
  --host H          address to listen on (all interfaces)
  --https           serve with a certificate made on first use, kept in .banyan/
  --max-clients K   most clients a peer is given, 1 to ${clientsMax} (${clientsDefault})
  --origin URL      another origin whose pages may use this root, such as https://example.org; may be given several times
  --trust-proxy N   number of reverse proxies in front, whose X-Forwarded-For tells who comes (0)
  --key FILE        keep the key that the root signs with in this file, made on first use; for one start only without it
  --json            print one line of JSON when ready, nothing else
  --quiet           print only the address
  --help            this text

In the environment: BANYAN_ICE_SERVERS, BANYAN_TURN_URL and BANYAN_TURN_SECRET for peers that no direct way connects,
BANYAN_SECURITY_CONTACT for security.txt; see docs/operating.md.
`;

/** What the words ask for, or what is wrong with them. */
export function parseServeArguments(
  args: readonly string[],
): ServeArguments | { readonly help: true } | { readonly error: string } {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      strict: true,
      options: {
        port: { type: 'string', default: '3000' },
        host: { type: 'string' },
        https: { type: 'boolean', default: false },
        'max-clients': { type: 'string', default: `${clientsDefault}` },
        origin: { type: 'string', multiple: true, default: [] },
        'trust-proxy': { type: 'string', default: '0' },
        key: { type: 'string' },
        json: { type: 'boolean', default: false },
        quiet: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    return { error: error instanceof Error ? error.message : 'unknown arguments' };
  }
  if (values.help) return { help: true };
  const port = wholeNumber(values.port, 0, 65_535);
  if (port === undefined) return { error: `--port wants a number from 0 to 65535, not '${values.port}'` };
  const maxClients = wholeNumber(values['max-clients'], 1, clientsMax);
  if (maxClients === undefined)
    return { error: `--max-clients wants a number from 1 to ${clientsMax}, not '${values['max-clients']}'` };
  const trustProxy = wholeNumber(values['trust-proxy'], 0, proxyHopsMax);
  if (trustProxy === undefined)
    return { error: `--trust-proxy wants a number from 0 to ${proxyHopsMax}, not '${values['trust-proxy']}'` };
  const origins = values.origin.flatMap((list) => list.split(',')).map((text) => text.trim());
  const wrong = origins.find((text) => !isOrigin(text));
  if (wrong !== undefined) return { error: `--origin wants an origin such as https://example.org, not '${wrong}'` };
  const { host, https, key, json, quiet } = values;
  return { port, host, https, maxClients, origins, trustProxy, key, json, quiet };
}

/** Whether browsers would write an origin just so: scheme, host and, unless it is the scheme's own, port. */
function isOrigin(text: string): boolean {
  try {
    return /^https?:/.test(text) && new URL(text).origin === text;
  } catch {
    return false;
  }
}

function wholeNumber(text: string, min: number, max: number): number | undefined {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : undefined;
}
