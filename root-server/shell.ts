/** Carries sockets' events to the root's core and the core's outputs to sockets. Holds the one timer. */
import type { IncomingMessage } from 'node:http';
import type { Server, Socket } from 'socket.io';
import type { RootErrorCode } from '../protocol/errors.ts';
import type { RootInput } from '../protocol/root/io.ts';
import type { RootCore } from '../protocol/root/root-core.ts';
import { noNode, type SocketId } from '../protocol/types.ts';
import { encodePacket } from '../protocol/wire/packet.ts';
import { PacketFactory } from '../protocol/wire/packet-factory.ts';
import type { AddressGuard } from './address-guard.ts';
import { clientAddress } from './client-address.ts';
import type { Logger, Warnings } from './log.ts';
import { readSocket } from './session.ts';

/** Part of Engine.IO's connection that its types do not name. */
interface RawConnection {
  readonly request: IncomingMessage;
  on(event: 'packet' | 'packetCreate', listener: (packet: { type: string; data?: unknown }) => void): void;
  once(event: 'close', listener: () => void): void;
  close(discard?: boolean): void;
}

/** The root's clock, whole ms since 1970: it never goes back, or what the root signed would look old (rule U7). */
export function rootTimeMs(): number {
  return Math.floor(performance.timeOrigin + performance.now());
}

export interface ShellOptions {
  readonly guard: AddressGuard;
  /** Proxies in front of this server whose word about the client's address is taken. */
  readonly proxyHops: number;
  readonly log: Logger;
  readonly warnings: Warnings;
  readonly onBytes: ((direction: 'in' | 'out', bytes: Uint8Array) => void) | undefined;
}

export class Shell {
  readonly #core: RootCore;
  readonly #options: ShellOptions;
  readonly #sockets = new Map<SocketId, Socket>();
  /** Connections that came when their address had opened too many already. */
  readonly #late = new WeakSet();
  readonly #errors = new PacketFactory({ publicKey: new Uint8Array(32), id: noNode });
  #nextSocket = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #rooms = 0;
  #isStopped = false;

  constructor(core: RootCore, io: Server, options: ShellOptions) {
    this.#core = core;
    this.#options = options;
    io.engine.on('connection', (connection: RawConnection) => {
      this.#opened(connection);
    });
    io.on('connection', (socket) => {
      this.#connected(socket);
    });
  }

  /** A WebSocket, which may never become a socket of ours. */
  #opened(connection: RawConnection): void {
    const { onBytes, guard, proxyHops } = this.#options;
    const address = clientAddress(connection.request, proxyHops);
    const verdict = guard.opened(address);
    if (verdict === 'cut') {
      connection.close(true);
      return;
    }
    connection.once('close', () => {
      guard.closed(address);
    });
    if (verdict === 'late') this.#late.add(connection);
    if (onBytes === undefined) return;
    const tap = (direction: 'in' | 'out') => (packet: { data?: unknown }) => {
      const { data } = packet;
      if (typeof data === 'string') onBytes(direction, Buffer.from(data));
      else if (data instanceof Uint8Array) onBytes(direction, data);
    };
    connection.on('packet', tap('in'));
    connection.on('packetCreate', tap('out'));
  }

  #connected(socket: Socket): void {
    const { guard, proxyHops, warnings } = this.#options;
    const address = clientAddress(socket.request, proxyHops);
    if (this.#late.has(socket.conn)) {
      warnings.warn('an address opens sockets too fast');
      this.#refuse(socket, 'rate');
      return;
    }
    if (!guard.takeSocket(address)) {
      warnings.warn('an address has too many sockets');
      this.#refuse(socket, 'full');
      return;
    }
    const id = this.#nextSocket++;
    this.#sockets.set(id, socket);
    readSocket(socket, {
      mayRead: () => guard.takePacket(address),
      packet: ({ packet, admitted, workBits }) => {
        this.handle({ kind: 'packet', socket: id, packet, admitted, workBits });
      },
      bad: (code) => {
        this.handle({ kind: 'bad', socket: id, code });
      },
      closed: () => {
        this.#sockets.delete(id);
        guard.freeSocket(address);
        this.handle({ kind: 'close', socket: id });
      },
    });
    const port = socket.request.socket.remotePort ?? 0;
    const origin = socket.handshake.headers.origin ?? 'node';
    this.handle({ kind: 'open', socket: id, ip: address, port, origin });
  }

  #refuse(socket: Socket, code: RootErrorCode): void {
    this.#emit(socket, encodePacket(this.#errors.newError(code, true)));
    socket.disconnect(true);
  }

  #emit(socket: Socket, bytes: Uint8Array): void {
    socket.emit('packet', Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  handle(input: RootInput): void {
    if (this.#isStopped) return;
    try {
      this.#core.handle(input, rootTimeMs());
    } catch (error) {
      // A mistake of ours must not take every other room down with it.
      this.#options.log.error(error, 'a packet could not be handled');
      const socket = input.kind === 'timer' ? undefined : this.#sockets.get(input.socket);
      if (socket) this.#refuse(socket, 'internal');
    }
    for (let output = this.#core.poll(); output; output = this.#core.poll()) {
      const socket = this.#sockets.get(output.socket);
      if (socket === undefined) continue;
      if (output.kind === 'send') this.#emit(socket, encodePacket(output.packet));
      else socket.disconnect(true);
    }
    this.#noteRooms();
    clearTimeout(this.#timer);
    const dueMs = this.#core.nextTimeoutMs();
    if (dueMs === undefined) return;
    const turn = (): void => {
      this.handle({ kind: 'timer' });
    };
    this.#timer = setTimeout(turn, Math.max(1, dueMs - rootTimeMs()));
  }

  #noteRooms(): void {
    const { roomsCount } = this.#core;
    if (roomsCount === this.#rooms) return;
    this.#options.log.info({ rooms: roomsCount }, roomsCount > this.#rooms ? 'a room opened' : 'a room closed');
    this.#rooms = roomsCount;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }
}
