/** The control connection to the root, over Socket.IO. Comes back by itself. */
import { io } from 'socket.io-client';
import type { RootLink, RootLinkEvents } from '../protocol/ports.ts';

/** First and longest wait before connecting again, ms, with half of it at random either way. */
const againMinMs = 300;
const againMaxMs = 4_000;
const connectTimeoutMs = 8_000;
/** Wait after the root itself ended the connection, ms: it had a reason. */
const afterRefusalMs = 2_000;

export function connectRoot(rootUrl: string, events: RootLinkEvents): RootLink {
  const socket = io(rootUrl, {
    path: '/banyan',
    transports: ['websocket'],
    forceNew: true,
    reconnectionDelay: againMinMs,
    reconnectionDelayMax: againMaxMs,
    randomizationFactor: 0.5,
    timeout: connectTimeoutMs,
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  socket.on('connect', () => {
    events.up();
  });
  socket.on('disconnect', (reason) => {
    events.down();
    // Socket.IO does not come back by itself after this one.
    if (reason === 'io server disconnect')
      timer = setTimeout(() => socket.connect(), afterRefusalMs * (0.5 + Math.random()));
  });
  socket.on('packet', (data: unknown) => {
    if (data instanceof ArrayBuffer) events.packet(new Uint8Array(data));
    else if (data instanceof Uint8Array) events.packet(Uint8Array.from(data));
  });
  return {
    send: (bytes) => {
      if (socket.connected) socket.emit('packet', bytes);
    },
    close: () => {
      clearTimeout(timer);
      socket.removeAllListeners();
      if (socket.connected) {
        // Without Socket.IO's own good-bye: the root would drop what came right before it, and that is the LEAVE.
        socket.io.reconnection(false);
        socket.io.engine.close();
      } else {
        socket.disconnect();
      }
    },
  };
}

/** A connection that is begun before there is anybody to listen: connecting takes two round trips, in which keys can be made. */
export class RootDial {
  readonly #rootUrl: string;
  #early: RootLink | undefined;
  #listener: RootLinkEvents | undefined;
  /** What happened so far, for the listener to come. */
  readonly #heard: ((listener: RootLinkEvents) => void)[] = [];

  constructor(rootUrl: string) {
    this.#rootUrl = rootUrl;
    this.#early = connectRoot(rootUrl, {
      up: () => this.#tell((listener) => listener.up()),
      down: () => this.#tell((listener) => listener.down()),
      packet: (bytes) => this.#tell((listener) => listener.packet(bytes)),
    });
  }

  #tell(event: (listener: RootLinkEvents) => void): void {
    if (this.#listener) event(this.#listener);
    else this.#heard.push(event);
  }

  /** The connection that was begun, and each further time a new one. What happened before is told after this returned. */
  connect(events: RootLinkEvents): RootLink {
    const early = this.#early;
    this.#early = undefined;
    if (early === undefined) return connectRoot(this.#rootUrl, events);
    let isOver = false;
    queueMicrotask(() => {
      this.#listener = events;
      for (const event of this.#heard.splice(0)) if (!isOver) event(events);
    });
    return {
      send: (bytes) => {
        early.send(bytes);
      },
      close: () => {
        isOver = true;
        early.close();
      },
    };
  }

  /** Ends a connection that nobody took. */
  drop(): void {
    this.#early?.close();
    this.#early = undefined;
  }
}
