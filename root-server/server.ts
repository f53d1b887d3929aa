/** The root server: Socket.IO in front of the root's core, and the page on the same port. */
import { webcrypto } from 'node:crypto';
import { createServer as createHttp, type IncomingMessage, type Server as HttpServer } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Socket as NetSocket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Server, type Socket } from 'socket.io';
import { clientsMax, roomPeersMax, rootBodyBytesMax, socketsMax, socketsPerAddressMax, ticketLifeMs } from '../protocol/limits.ts';
import type { RootRoomView } from '../protocol/root/io.ts';
import { RootCore } from '../protocol/root/root-core.ts';
import type { RootInput } from '../protocol/root/io.ts';
import { noNode, type SocketId } from '../protocol/types.ts';
import { encodePacket } from '../protocol/wire/packet.ts';
import { PacketFactory } from '../protocol/wire/packet-factory.ts';
import { addressPrefix, lanAddresses, urlHost } from './addresses.ts';
import { readSocket } from './session.ts';
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
  readonly socketsPerAddressMax?: number;
  /** Sees every payload that crosses a socket: for tests and captures. */
  readonly onBytes?: (direction: 'in' | 'out', bytes: Uint8Array) => void;
}

export interface RootServer {
  readonly port: number;
  /** Where this machine reaches it. */
  readonly url: string;
  /** The same for other devices of the LAN, when it listens there. */
  readonly lanUrls: readonly string[];
  /** The root's picture of its rooms. */
  rooms(): RootRoomView[];
  close(): Promise<void>;
}

/** Engine.IO's own: long enough for a phone that changes cells, short enough to notice a dead one. */
const pingIntervalMs = 10_000;
const pingTimeoutMs = 8_000;

/** Starts a root. Rejects when the port cannot be had. */
export async function startRootServer(options: RootServerOptions): Promise<RootServer> {
  const core = new RootCore(
    { uint32: () => webcrypto.getRandomValues(new Uint32Array(1))[0] ?? 0 },
    Date.now(),
    {
      clientsMax: options.maxClients ?? clientsMax,
      ticketLifeMs,
      socketsPerAddressMax: options.socketsPerAddressMax ?? socketsPerAddressMax,
      socketsMax,
      roomPeersMax,
      balance: true,
    },
  );
  const folder = options.pageFolder ?? fileURLToPath(new URL('../dist/web', import.meta.url));
  const page = servePage(folder, () => core.counts());
  const { certificate } = options;
  const http: HttpServer = certificate ? createHttps({ ...certificate }, page) : createHttp(page);
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
    allowRequest: (request, decide) => {
      decide(null, isAllowedOrigin(request, options.allowedOrigins ?? []));
    },
  });
  const shell = new Shell(core, io, options);
  await listen(http, options.port, options.host);
  const { port } = http.address() as AddressInfo;
  const scheme = certificate ? 'https' : 'http';
  const isEverywhere = options.host === undefined || options.host === '0.0.0.0' || options.host === '::';
  const own = options.host === undefined || isEverywhere ? 'localhost' : urlHost(options.host);
  return {
    port,
    url: `${scheme}://${own}:${port}`,
    lanUrls: isEverywhere ? lanAddresses().map((address) => `${scheme}://${address}:${port}`) : [],
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

/** Carries sockets' events to the core and the core's outputs to sockets. Holds the one timer. */
class Shell {
  readonly #core: RootCore;
  readonly #options: RootServerOptions;
  readonly #sockets = new Map<SocketId, Socket>();
  readonly #perPrefix = new Map<string, number>();
  readonly #errors = new PacketFactory({ publicKey: new Uint8Array(32), id: noNode });
  #nextSocket = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  constructor(core: RootCore, io: Server, options: RootServerOptions) {
    this.#core = core;
    this.#options = options;
    io.on('connection', (socket) => {
      this.#connected(socket);
    });
  }

  #connected(socket: Socket): void {
    const { address } = socket.handshake;
    const prefix = addressPrefix(address);
    const count = this.#perPrefix.get(prefix) ?? 0;
    if (count >= (this.#options.socketsPerAddressMax ?? socketsPerAddressMax)) {
      this.#emit(socket, encodePacket(this.#errors.newError('full', true)));
      socket.disconnect(true);
      return;
    }
    this.#perPrefix.set(prefix, count + 1);
    const id = this.#nextSocket++;
    this.#sockets.set(id, socket);
    readSocket(socket, {
      packet: ({ packet, admitted }) => {
        this.#handle({ kind: 'packet', socket: id, packet, admitted });
      },
      bad: (code) => {
        this.#handle({ kind: 'bad', socket: id, code });
      },
      bytes: (bytes) => {
        this.#options.onBytes?.('in', bytes);
      },
    });
    socket.once('disconnect', () => {
      this.#sockets.delete(id);
      const left = (this.#perPrefix.get(prefix) ?? 1) - 1;
      if (left > 0) this.#perPrefix.set(prefix, left);
      else this.#perPrefix.delete(prefix);
      this.#handle({ kind: 'close', socket: id });
    });
    const port = socket.request.socket.remotePort ?? 0;
    const origin = socket.handshake.headers.origin ?? 'node';
    this.#handle({ kind: 'open', socket: id, ip: address, port, origin });
  }

  #emit(socket: Socket, bytes: Uint8Array): void {
    this.#options.onBytes?.('out', bytes);
    socket.emit('packet', Buffer.from(bytes));
  }

  #handle(input: RootInput): void {
    if (this.#isStopped) return;
    this.#core.handle(input, Date.now());
    for (let output = this.#core.poll(); output; output = this.#core.poll()) {
      const socket = this.#sockets.get(output.socket);
      if (socket === undefined) continue;
      if (output.kind === 'send') this.#emit(socket, encodePacket(output.packet));
      else socket.disconnect(true);
    }
    clearTimeout(this.#timer);
    const dueMs = this.#core.nextTimeoutMs();
    if (dueMs === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#handle({ kind: 'timer' });
      },
      Math.max(1, dueMs - Date.now()),
    );
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }
}
