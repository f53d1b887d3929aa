/** The command line of the root server. */
import { parseArgs } from 'node:util';
import { clientsDefault, clientsMax } from '../protocol/limits.ts';

export interface ServeArguments {
  readonly port: number;
  readonly host: string | undefined;
  readonly https: boolean;
  readonly maxClients: number;
  readonly json: boolean;
  readonly quiet: boolean;
}

export const usage = `Usage: npm start -- [options]     (or: npx banyan serve [options])

  --port N          port to listen on (3000); 0 lets the system choose
  --host H          address to listen on (all interfaces)
  --https           serve with a certificate made on first use, kept in .banyan/
  --max-clients K   most clients a peer is given, 1 to ${clientsMax} (${clientsDefault})
  --json            print one line of JSON when ready, nothing else
  --quiet           print only the address
  --help            this text
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
  const { host, https, json, quiet } = values;
  return { port, host, https, maxClients, json, quiet };
}

function wholeNumber(text: string, min: number, max: number): number | undefined {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : undefined;
}
