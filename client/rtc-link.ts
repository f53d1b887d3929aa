/** Links over simple-peer: one RTCPeerConnection with one ordered data channel each. */
import SimplePeer from 'simple-peer/simplepeer.min.js';
import type { Link, LinkEvents, LinkMaker } from '../protocol/ports.ts';
import { concat, utf8, type CryptoProvider } from './crypto/provider.ts';

export interface RtcOptions {
  readonly iceServers: readonly RTCIceServer[];
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
/** How often a channel's buffer is looked at besides its own events, ms: they can be missed near zero. */
const lookAgainMs = 250;
/** How long a closing link may still send what it was given, ms. */
const lingerMs = 100;

/** The DTLS fingerprints in an SDP, as they stand there. */
function fingerprints(sdp: string | undefined): string[] {
  return [...(sdp ?? '').matchAll(/^a=fingerprint:(\S+ \S+)/gm)].map((match) => (match[1] ?? '').toLowerCase());
}

/** 32 bytes that both ends derive alike from both fingerprints (rule S4). */
async function bindingOf(connection: RTCPeerConnection, provider: CryptoProvider): Promise<Uint8Array> {
  const both = [connection.localDescription?.sdp, connection.remoteDescription?.sdp].map((sdp) => fingerprints(sdp)[0] ?? '');
  return provider.sha256(concat(utf8('banyan-1 binding '), utf8(both.sort().join(' '))));
}

/** Why no WebRTC can be had here, or `undefined`. */
export function missingWebRtc(wrtc: unknown): string | undefined {
  if (wrtc !== undefined || typeof RTCPeerConnection !== 'undefined') return undefined;
  return 'this browser has no WebRTC, or it is switched off';
}

export function rtcLinks(options: RtcOptions): LinkMaker & { readonly counts: RtcCounts } {
  const counts: RtcCounts = { made: 0, open: 0 };
  return { counts, open: (_remote, initiator, events) => new RtcLink(options, initiator, events, counts) };
}

class RtcLink implements Link {
  readonly #peer: SimplePeer;
  readonly #events: LinkEvents;
  readonly #counts: RtcCounts;
  readonly #provider: CryptoProvider;
  /** Frames that came before the binding was computed. */
  #early: Uint8Array[] | undefined = [];
  #queuedBytes = 0;
  #isOver = false;
  #lookTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: RtcOptions, initiator: boolean, events: LinkEvents, counts: RtcCounts) {
    this.#events = events;
    this.#counts = counts;
    this.#provider = options.provider;
    counts.made++;
    counts.open++;
    this.#peer = new SimplePeer({
      initiator,
      trickle: true,
      objectMode: true,
      config: { iceServers: [...options.iceServers] },
      ...(options.wrtc === undefined ? {} : { wrtc: options.wrtc }),
    });
    this.#peer
      .on('signal', (signal) => {
        if (!this.#isOver) events.signal(utf8(JSON.stringify(signal)));
      })
      .on('connect', () => {
        void this.#connected();
      })
      .on('data', (data) => {
        const frame = typeof data === 'string' ? utf8(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        if (this.#early) this.#early.push(frame);
        else if (!this.#isOver) events.frame(frame);
      })
      .on('close', () => {
        this.#ended();
      })
      .on('error', () => {
        this.#ended();
      });
  }

  async #connected(): Promise<void> {
    const { _pc: connection, _channel: channel } = this.#peer;
    if (connection === null || channel === null) return;
    channel.addEventListener('bufferedamountlow', () => {
      this.#reportDrained();
    });
    const binding = await bindingOf(connection, this.#provider);
    if (this.#isOver) return;
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#events.up(binding);
    for (const frame of early) this.#events.frame(frame);
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
    channel.bufferedAmountLowThreshold = this.#queuedBytes > lowBytes ? lowBytes : 0;
    this.#lookTimer ??= setTimeout(() => {
      this.#lookTimer = undefined;
      this.#reportDrained();
    }, lookAgainMs);
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
      this.#peer.signal(JSON.parse(new TextDecoder().decode(data)));
    } catch {
      // Sealed by a member, so not damaged on the way; whatever is wrong with it, the deadline ends the link.
    }
  }

  close(): void {
    if (this.#isOver) return;
    this.#finish();
    setTimeout(() => {
      this.#peer.destroy();
    }, lingerMs);
  }
}
