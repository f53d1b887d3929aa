/** The root server: Socket.IO in front of the root's core, and the page on the same port. */
import { webcrypto } from 'node:crypto';
import { createServer as createHttp, type IncomingMessage, type Server as HttpServer } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Socket as NetSocket } from 'node:net';
import { join } from 'node:path';
import { Server } from 'socket.io';
import {
  clientsMax,
  joinsPerSecondMax,
  originBytesMax,
  registerDeadlineMs,
  roomPeersMax,
  rootBodyBytesMax,
  socketsMax,
  socketsPerAddressMax,
  ticketLifeMs,
} from '../protocol/limits.ts';
import type { RootRoomView } from '../protocol/root/io.ts';
import type { RootSigner } from '../protocol/ports.ts';
import { RootCore } from '../protocol/root/root-core.ts';
import type { IceBody } from '../protocol/wire/bodies/ice.ts';
import { AddressGuard } from './address-guard.ts';
import { lanAddresses, urlHost } from './addresses.ts';
import { cameByTls, clientAddress } from './client-address.ts';
import { createLogger, Warnings, type Logger } from './log.ts';
import { packageFolder } from './package-folder.ts';
import { newRootKey } from './root-key.ts';
import { rootTimeMs, Shell } from './shell.ts';
import { servePage } from './static.ts';
import type { Certificate } from './tls.ts';

export interface RootServerOptions {
  /** 0 lets the system choose. */
  readonly port: number;
  /** Address to listen on; all interfaces unless told. */
  readonly host?: string;
  readonly certificate?: Certificate;
  /** Most clients a peer is given (k), whatever it offers. */
  readonly maxClients?: number;
  /** Folder of the built page. */
  readonly pageFolder?: string;
  /** Origins besides this server's own whose pages may register. */
  readonly allowedOrigins?: readonly string[];
  /**
   * Proxies in front of this server, each of which adds to `X-Forwarded-For`; 0 unless told. With one too many, anybody can
   * choose the address under which it is counted; with one too few, everybody is counted as the proxy.
   */
  readonly trustProxy?: number;
  /** What security.txt names, a `mailto:`, `https:` or `tel:` address; the project's own policy unless told. */
  readonly securityContact?: string;
  /** Sockets of one IPv4 address or IPv6 /64. The other bounds of an address grow with it. */
  readonly socketsPerAddressMax?: number;
  /** What registered peers are handed as ICE servers, at a time in ms since 1970; nothing unless told. */
  readonly iceServers?: ((nowMs: number) => IceBody) | undefined;
  /** The key it signs with (rule U7); one of its own, for as long as it runs, unless told. */
  readonly key?: RootSigner;
  /** Registrations a second before newcomers are asked for work (rule R10). */
  readonly joinsPerSecondMax?: number;
  /** Sockets in all, before newcomers are answered `full`. */
  readonly socketsMax?: number;
  /** Where it says what it does; nowhere unless told. */
  readonly log?: Logger;
  /** Sees everything that crosses a WebSocket, whether it means anything to the root or not: for tests and captures. */
  readonly onBytes?: (direction: 'in' | 'out', bytes: Uint8Array) => void;
}

export interface RootServer {
  readonly port: number;
  /** Where this machine reaches it. */
  readonly url: string;
  /** The same for other devices of the LAN, when it listens there. */
  readonly lanUrls: readonly string[];
  /** All of them. */
  readonly urls: readonly string[];
  /** The root's picture of its rooms. */
  rooms(): RootRoomView[];
  close(): Promise<void>;
}

/** Engine.IO's own: long enough for a phone that changes cells, short enough to notice a dead one. */
const pingIntervalMs = 10_000;
const pingTimeoutMs = 8_000;

/** How often connections are looked at that have not said what they want, ms. */
const lookAroundMs = 2_000;

/** TCP connections beyond the sockets: requests for the page and sockets on their way. */
const connectionsExtraMax = 1_000;

/** Starts a root. Rejects when the port cannot be had. */
export async function startRootServer(options: RootServerOptions): Promise<RootServer> {
  const log = options.log ?? createLogger('silent');
  const perAddressMax = options.socketsPerAddressMax ?? socketsPerAddressMax;
  const core = new RootCore({ uint32: () => webcrypto.getRandomValues(new Uint32Array(1))[0] ?? 0 }, rootTimeMs(), {
    clientsMax: options.maxClients ?? clientsMax,
    ticketLifeMs,
    socketsPerAddressMax: perAddressMax,
    socketsMax: options.socketsMax ?? socketsMax,
    roomPeersMax,
    balance: true,
    joinsPerSecondMax: options.joinsPerSecondMax ?? joinsPerSecondMax,
    iceServers: options.iceServers,
    signer: options.key ?? newRootKey(),
  });
  const { certificate, securityContact, trustProxy: proxyHops = 0 } = options;
  const page = servePage({
    folder: options.pageFolder ?? join(packageFolder(), 'dist', 'web'),
    health: () => core.counts(),
    securityContact,
    isSecure: (request) => cameByTls(request, proxyHops, certificate !== undefined),
  });
  const nowMs = (): number => performance.now();
  const guard = new AddressGuard(perAddressMax, nowMs);
  const warnings = new Warnings(log, nowMs);
  // A connection that never says what it wants ends as a socket that never registers does (rule R5).
  const patience = { headersTimeout: registerDeadlineMs, connectionsCheckingInterval: lookAroundMs };
  const http: HttpServer = certificate
    ? createHttps({ ...certificate, ...patience }, page)
    : createHttp(patience, page);
  http.maxConnections = (options.socketsMax ?? socketsMax) + connectionsExtraMax;
  const connections = new Set<NetSocket>();
  http.on('connection', (connection: NetSocket) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
  });
  const io = new Server(http, {
    path: '/banyan',
    transports: ['websocket'],
    serveClient: false,
    perMessageDeflate: false,
    maxHttpBufferSize: rootBodyBytesMax + 1_024,
    pingInterval: pingIntervalMs,
    pingTimeout: pingTimeoutMs,
    // A WebSocket that never becomes a socket ends as one that never registers does (rule R5).
    connectTimeout: registerDeadlineMs,
    allowRequest: (request, decide) => {
      const isAllowed = isAllowedOrigin(request, options.allowedOrigins ?? []);
      if (!isAllowed) {
        const { origin = '' } = request.headers;
        warnings.warn('a page from elsewhere was refused', { origin: origin.slice(0, originBytesMax) });
      }
      decide(null, isAllowed && guard.mayKnock(clientAddress(request, proxyHops)));
    },
  });
  const { onBytes } = options;
  const shell = new Shell(core, io, { guard, proxyHops, log, warnings, onBytes });
  await listen(http, options.port, options.host);
  const { port } = http.address() as AddressInfo;
  const scheme = certificate ? 'https' : 'http';
  const isEverywhere = options.host === undefined || options.host === '0.0.0.0' || options.host === '::';
  const own = options.host === undefined || isEverywhere ? 'localhost' : urlHost(options.host);
  const url = `${scheme}://${own}:${port}`;
  const lanUrls = isEverywhere ? lanAddresses().map((address) => `${scheme}://${address}:${port}`) : [];
  return {
    port,
    url,
    lanUrls,
    urls: [url, ...lanUrls],
    rooms: () => core.rooms(),
    close: async () => {
      shell.stop();
      const closed = new Promise<void>((resolve) => {
        void io.close(() => {
          resolve();
        });
      });
      for (const connection of connections) connection.destroy();
      await closed;
    },
  };
}

function listen(http: HttpServer, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      http.off('error', reject);
      resolve();
    });
  });
}

/** A page may connect to the server it came from. Programs that are no browser send no origin. */
function isAllowedOrigin(request: IncomingMessage, allowed: readonly string[]): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined || allowed.includes(origin)) return true;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
