/** Real peers, with real links and real keys, whose ways to the root and to each other can be tampered with. For tests only. */
import wrtc from '@roamhq/wrtc';
import type { PacketSeen, UserOutput } from '../protocol/peer.ts';
import type { Link, LinkEvents, RootLink, RootLinkEvents } from '../protocol/ports.ts';
import { noNode } from '../protocol/types.ts';
import type { Message } from '../protocol/wire/bodies.ts';
import { decodeUtf8, encodeUtf8 } from '../protocol/wire/bytes.ts';
import { cryptoProvider } from './crypto/choose.ts';
import { checkOptions } from './options.ts';
import { deriveRoom } from './room-link.ts';
import { rtcLinks, type RtcLinks } from './rtc-link.ts';
import { Sealer } from './seal.ts';
import { Session } from './session.ts';
import { connectRoot } from './socket-root-link.ts';

export const provider = await cryptoProvider();

/** The secret of their room. */
export const secret = Uint8Array.from({ length: 16 }, (_, i) => i);

/** Links of this machine only, over Node's WebRTC. */
export function realLinks(): RtcLinks {
  return rtcLinks({ iceServers: [], provider, wrtc });
}

export interface Tampering {
  /** Stands in for the peer's own links. */
  readonly links?: RtcLinks;
  /** What reaches the peer from the root, and what the root gets of it. */
  readonly rootLink?: (events: RootLinkEvents, connect: (events: RootLinkEvents) => RootLink) => RootLink;
  readonly maxClients?: number;
  /** Own message packets a second, and burst, instead of rule S6. */
  readonly originRate?: { readonly perSecond: number; readonly burst: number };
}

export class TestPeer {
  readonly session: Session;
  readonly sealer: Sealer;
  readonly links: RtcLinks;
  /** Every packet that arrived on a link, opened or not. */
  readonly arrived: PacketSeen[] = [];
  readonly errors: string[] = [];
  readonly texts: (string | undefined)[] = [];

  private constructor(rootUrl: string, room: string, sealer: Sealer, tampering: Tampering) {
    const { links, rootLink, maxClients, originRate } = tampering;
    this.sealer = sealer;
    this.links = links ?? realLinks();
    const connect = (events: RootLinkEvents): RootLink => connectRoot(rootUrl, events);
    this.session = new Session({
      room,
      options: checkOptions({ iceServers: [], ...(maxClients === undefined ? {} : { maxClients }) }),
      place: { origin: 'node', wrtc, ...(originRate === undefined ? {} : { originRate }) },
      sealer,
      links: this.links,
      connectRoot: (events) => (rootLink ? rootLink(events, connect) : connect(events)),
      userInterface: {
        output: (output) => {
          this.#output(output);
        },
        packet: (seen) => {
          if (seen.direction === 'in' && seen.peer !== 'root') this.arrived.push(seen);
        },
      },
    });
  }

  static async start(rootUrl: string, secret: Uint8Array, tampering: Tampering = {}): Promise<TestPeer> {
    const keys = await deriveRoom(secret, provider);
    const peer = new TestPeer(rootUrl, keys.room, await Sealer.create(provider, keys), tampering);
    peer.session.start();
    return peer;
  }

  get state(): string {
    return this.session.view().state;
  }

  get clients(): readonly string[] {
    return this.session.view().clients;
  }

  say(text: string): void {
    const message: Message = { content: 'text', data: encodeUtf8(text), to: noNode, channel: '' };
    this.session.peer.send([message], Date.now());
  }

  #output(output: UserOutput): void {
    if (output.kind === 'error') this.errors.push(output.code);
    if (output.kind !== 'deliver' || output.packet.senderId === this.sealer.id) return;
    this.texts.push(...output.messages.map(({ data }) => decodeUtf8(data)));
  }
}

/** A root and real peers that know one secret. */
export class RealRoom {
  readonly peers: TestPeer[] = [];
  readonly #root: { readonly url: string; close(): Promise<void> };

  constructor(root: { readonly url: string; close(): Promise<void> }) {
    this.#root = root;
  }

  async start(tampering?: Tampering): Promise<TestPeer> {
    const peer = await TestPeer.start(this.#root.url, secret, tampering);
    this.peers.push(peer);
    return peer;
  }

  async close(): Promise<void> {
    for (const peer of this.peers) await peer.session.leave();
    await this.#root.close();
  }
}

/**
 * Somebody who sits in the middle of a link and ends it on both sides: each end has a DTLS connection with the middle, which
 * passes every frame on as it is. It has what no root has: the signals in the clear, and a way to sign them.
 */
export class Middle {
  readonly #links = realLinks();
  readonly #halves: Link[] = [];
  /** Frames that it passed on. */
  passed = 0;

  /** The maker of links for the end that offers; the other end needs nothing. */
  around(real: RtcLinks): RtcLinks {
    return {
      counts: real.counts,
      closed: async () => {
        for (const half of this.#halves) half.close();
        await Promise.all([real.closed(), this.#links.closed()]);
      },
      open: (remote, initiator, events) => this.#open(real, remote, initiator, events),
    };
  }

  #open(real: RtcLinks, remote: Parameters<RtcLinks['open']>[0], initiator: boolean, events: LinkEvents): Link {
    const [toward, away] = [new Half(), new Half()];
    toward.link = this.#links.open(
      remote,
      !initiator,
      this.#eventsOf(toward, away, (data) => inner.signal(data)),
    );
    const inner = real.open(remote, initiator, { ...events, signal: (data) => toward.link?.signal(data) });
    // What the far end gets are the middle's own descriptions.
    away.link = this.#links.open(
      remote,
      initiator,
      this.#eventsOf(away, toward, (data) => {
        events.signal(data);
      }),
    );
    this.#halves.push(toward.link, away.link);
    return {
      send: (frame) => {
        inner.send(frame);
      },
      signal: (data) => away.link?.signal(data),
      close: () => {
        inner.close();
      },
    };
  }

  #eventsOf(own: Half, other: Half, signal: (data: Uint8Array) => void): LinkEvents {
    return {
      up: () => {
        own.isUp = true;
        for (const frame of own.waiting.splice(0)) own.link?.send(frame);
      },
      down: () => other.link?.close(),
      signal,
      frame: (frame) => {
        this.passed++;
        if (other.isUp) other.link?.send(frame);
        else other.waiting.push(frame);
      },
      drained: () => undefined,
    };
  }
}

class Half {
  link: Link | undefined;
  isUp = false;
  readonly waiting: Uint8Array[] = [];
}
