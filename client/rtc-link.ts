/** Links over simple-peer: one RTCPeerConnection with one ordered data channel each. */
import SimplePeer from 'simple-peer/simplepeer.min.js';
import type { IceServer } from '../protocol/ice.ts';
import type { Link, LinkEvents, LinkMaker } from '../protocol/ports.ts';
import { utf8, type CryptoProvider } from './crypto/provider.ts';

export interface RtcOptions {
  /** `undefined` for those that the root hands over. */
  readonly iceServers: readonly RTCIceServer[] | undefined;
  /** Only by way of TURN, so that neighbours do not learn this machine's address. */
  readonly hideAddress?: boolean;
  readonly provider: CryptoProvider;
  /** The WebRTC of Node; browsers have their own. */
  readonly wrtc?: unknown;
}

/** What was made so far, for `stats()`. */
export interface RtcCounts {
  made: number;
  open: number;
}

/** Bytes left in the channel at which it is worth sending more, when there were more before. */
const lowBytes = 32_768;
/**
 * How often a channel's buffer is looked at while it holds something, ms. Browsers say `bufferedamountlow`, in hidden tabs
 * too, where timers hardly run; looking only makes up for an event that was missed near zero. Node's WebRTC has no such
 * event: there the core's window of 64 KiB is refilled by looking, and 4 ms allow 16 MB/s.
 */
const lookAgainMs = 250;
const lookWithoutEventMs = 4;
/** How long a closing link may still send what it was given, ms. */
const lingerMs = 100;

/** What the far end may make this end do: take its description, once, and its candidates. */
function isSignal(value: unknown): value is { readonly sdp?: string; readonly candidate?: object } {
  if (typeof value !== 'object' || value === null) return false;
  const { type, sdp, candidate } = value as Record<string, unknown>;
  if (sdp !== undefined) return typeof sdp === 'string' && (type === 'offer' || type === 'answer');
  return typeof candidate === 'object' && candidate !== null;
}

/** The DTLS fingerprints in an SDP, in one spelling. */
function fingerprints(sdp: string | undefined): string {
  const found = [...(sdp ?? '').matchAll(/^a=fingerprint:(\S+ \S+)/gm)].map((match) => (match[1] ?? '').toLowerCase());
  return [...new Set(found)].sort().join(',');
}

/** 32 bytes that both ends derive alike from both fingerprints (rule S4); `undefined` when one is missing. */
async function bindingOf(connection: RTCPeerConnection, provider: CryptoProvider): Promise<Uint8Array | undefined> {
  const { localDescription, remoteDescription } = connection;
  const both = [fingerprints(localDescription?.sdp), fingerprints(remoteDescription?.sdp)].sort();
  if (both.includes('')) return undefined;
  return provider.sha256(utf8(`banyan-1 binding ${both.join(' ')}`));
}

/** Why no WebRTC can be had here, or `undefined`. */
export function missingWebRtc(wrtc: unknown): string | undefined {
  if (wrtc !== undefined || typeof RTCPeerConnection !== 'undefined') return undefined;
  return 'this browser has no WebRTC, or it is switched off';
}

export interface RtcLinks extends LinkMaker {
  readonly counts: RtcCounts;
  /** Resolves when every link that was told to close has done so. */
  closed(): Promise<void>;
}

function asRtc({ urls, username, credential }: IceServer): RTCIceServer {
  return { urls: [...urls], ...(username === '' ? {} : { username, credential }) };
}

/** Makes links. `open` never throws: where there can be no connection, `down` follows. */
export function rtcLinks(options: RtcOptions): RtcLinks {
  const counts: RtcCounts = { made: 0, open: 0 };
  const closing = new Set<Promise<void>>();
  const { iceServers: own, hideAddress = false } = options;
  const config: RTCConfiguration = {
    iceServers: [...(own ?? [])],
    ...(hideAddress ? { iceTransportPolicy: 'relay' } : {}),
  };
  return {
    counts,
    open: (_remote, initiator, events) => new RtcLink({ ...options, config }, initiator, events, counts, closing),
    useIceServers: (servers) => {
      if (own === undefined) config.iceServers = servers.map(asRtc);
    },
    closed: async () => {
      while (closing.size > 0) await Promise.all(closing);
    },
  };
}

class RtcLink implements Link {
  readonly #peer: SimplePeer;
  readonly #events: LinkEvents;
  readonly #counts: RtcCounts;
  readonly #provider: CryptoProvider;
  readonly #closing: Set<Promise<void>>;
  /** Frames that came before the binding was computed. */
  #early: Uint8Array[] | undefined = [];
  #queuedBytes = 0;
  #isOver = false;
  #isDescribed = false;
  #lookMs = lookAgainMs;
  #lookTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    options: RtcOptions & { readonly config: RTCConfiguration },
    initiator: boolean,
    events: LinkEvents,
    counts: RtcCounts,
    closing: Set<Promise<void>>,
  ) {
    this.#events = events;
    this.#counts = counts;
    this.#provider = options.provider;
    this.#closing = closing;
    counts.made++;
    counts.open++;
    this.#peer = new SimplePeer({
      initiator,
      trickle: true,
      objectMode: true,
      config: { ...options.config },
      ...(options.wrtc === undefined ? {} : { wrtc: options.wrtc }),
    });
    this.#peer
      .on('signal', (signal) => {
        if (!this.#isOver) events.signal(utf8(JSON.stringify(signal)));
      })
      .on('connect', () => {
        void this.#connected();
      })
      .on('close', () => {
        this.#ended();
      })
      .on('error', () => {
        this.#ended();
      });
    // Past its stream, which copies each frame and sets a timer for it.
    this.#peer._onChannelMessage = ({ data }) => {
      const frame = typeof data === 'string' ? utf8(data) : new Uint8Array(data);
      if (this.#early) this.#early.push(frame);
      else this.#frame(frame);
    };
  }

  #frame(frame: Uint8Array): void {
    if (!this.#isOver) this.#events.frame(frame);
  }

  async #connected(): Promise<void> {
    const { _pc: connection, _channel: channel } = this.#peer;
    if (connection === null || channel === null) return;
    if (typeof channel.bufferedAmountLowThreshold !== 'number') this.#lookMs = lookWithoutEventMs;
    channel.addEventListener('bufferedamountlow', () => {
      this.#reportDrained();
    });
    const binding = await bindingOf(connection, this.#provider);
    if (this.#isOver) return;
    if (binding === undefined) {
      this.#ended();
      return;
    }
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#events.up(binding);
    // A frame may make the core close the link.
    for (const frame of early) this.#frame(frame);
  }

  #ended(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#peer.destroy();
    this.#events.down();
  }

  #finish(): void {
    this.#isOver = true;
    this.#counts.open--;
    clearTimeout(this.#lookTimer);
  }

  send(frame: Uint8Array): void {
    if (this.#isOver) return;
    try {
      this.#peer.send(frame);
    } catch {
      // The channel closed under us: its event follows.
      return;
    }
    this.#queuedBytes += frame.length;
    this.#watch();
  }

  #watch(): void {
    const channel = this.#peer._channel;
    if (channel === null) return;
    if (this.#lookMs === lookAgainMs) channel.bufferedAmountLowThreshold = this.#queuedBytes > lowBytes ? lowBytes : 0;
    this.#lookTimer ??= setTimeout(() => {
      this.#lookTimer = undefined;
      this.#reportDrained();
    }, this.#lookMs);
  }

  #reportDrained(): void {
    if (this.#isOver) return;
    const waitingBytes = this.#peer._channel?.bufferedAmount ?? 0;
    const drainedBytes = this.#queuedBytes - waitingBytes;
    if (drainedBytes > 0) {
      this.#queuedBytes = waitingBytes;
      this.#events.drained(drainedBytes);
    }
    if (this.#queuedBytes > 0) this.#watch();
  }

  signal(data: Uint8Array): void {
    if (this.#isOver || this.#peer.destroyed) return;
    try {
      const signal: unknown = JSON.parse(new TextDecoder().decode(data));
      if (!isSignal(signal)) return;
      // A second description would put other fingerprints under a link that is bound to the first.
      if (signal.sdp !== undefined && this.#isDescribed) return;
      if (signal.sdp !== undefined) this.#isDescribed = true;
      this.#peer.signal(signal);
    } catch {
      // Sealed by a member, so not damaged on the way; whatever is wrong with it, the deadline ends the link.
    }
  }

  close(): void {
    if (this.#isOver) return;
    this.#finish();
    const closed = new Promise<void>((resolve) => {
      setTimeout(() => {
        this.#peer.destroy();
        this.#closing.delete(closed);
        resolve();
      }, lingerMs);
    });
    this.#closing.add(closed);
  }
}
