/** `npm start` and `banyan serve`: starts a root and says where it is. */
import { renderUnicodeCompact } from 'uqr';
import { parseServeArguments, usage, type ServeArguments } from './arguments.ts';
import { readEnvironment, type Environment } from './environment.ts';
import { createLogger } from './log.ts';
import { loadRootKey } from './root-key.ts';
import { startRootServer, type RootServer } from './server.ts';
import { loadCertificate } from './tls.ts';
import { iceGrants } from './turn.ts';

function announce(root: RootServer, { https, quiet }: ServeArguments): void {
  console.log(`\n  Banyan is open at ${root.url}`);
  if (quiet) return;
  for (const url of root.lanUrls) console.log(`  on this network:  ${url}`);
  const [shared] = root.lanUrls;
  if (shared !== undefined) {
    console.log(`\n${renderUnicodeCompact(shared)}\n`);
    console.log('  Scan it with a phone on the same network, or open the link in several tabs.');
    if (!https)
      console.log(
        '  Pages at a network address lack some of the browser’s own crypto over http: --https gives it to them.',
      );
  }
  console.log('  Stop with Ctrl+C.\n');
}

async function serve(args: ServeArguments, { iceServers, turn, securityContact }: Environment): Promise<void> {
  const { port, host, maxClients, origins, trustProxy } = args;
  const certificate = args.https ? await loadCertificate() : undefined;
  const log = createLogger(args.json || args.quiet ? 'silent' : 'plain');
  const root = await startRootServer({
    port,
    maxClients,
    allowedOrigins: origins,
    trustProxy,
    log,
    iceServers: iceGrants(iceServers, turn),
    ...(securityContact === undefined ? {} : { securityContact }),
    ...(args.key === undefined ? {} : { key: loadRootKey(args.key) }),
    ...(host === undefined ? {} : { host }),
    ...(certificate === undefined ? {} : { certificate }),
  });
  if (args.json)
    console.log(JSON.stringify({ port: root.port, url: root.url, lanUrls: root.lanUrls, urls: root.urls }));
  else announce(root, args);
  const stop = (): void => {
    log.info('stopping');
    void root.close().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

/** What to tell a person about a failed start. */
function explain(error: unknown, port: number): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `port ${port} is taken: choose another with --port N, or --port 0`;
  if (code === 'EACCES') return `port ${port} may not be used by this user: choose one above 1023`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return 'this machine has no such address: see --host';
  return message;
}

const parsed = parseServeArguments(process.argv.slice(2));
const environment = readEnvironment(process.env);
if ('help' in parsed) {
  console.log(usage);
} else if ('error' in parsed) {
  console.error(`banyan: ${parsed.error}\n\n${usage}`);
  process.exitCode = 2;
} else if ('error' in environment) {
  console.error(`banyan: ${environment.error}`);
  process.exitCode = 2;
} else {
  serve(parsed, environment).catch((error: unknown) => {
    console.error(`banyan: ${explain(error, parsed.port)}`);
    process.exitCode = 1;
  });
}
