/** One end of a virtual RTCPeerConnection. Data; network.ts moves it. */
import type { LinkId } from '../types.ts';
import type { Packet } from '../wire/packet.ts';
import type { SimPeer } from './sim-peer.ts';

/** signalling: offers and answers are under way; opening: both ends have them; open: frames pass; closed: gone here. */
export type EndPhase = 'signalling' | 'opening' | 'open' | 'closed';

/**
 * What becomes of what this end sends. vanish: nothing arrives; swallow: message packets do not; stall: all of it waits
 * until the path is back, as SCTP would send it again.
 */
export type Flow = 'pass' | 'vanish' | 'swallow' | 'stall';

export class LinkEnd {
  readonly serial: number;
  readonly peer: SimPeer;
  readonly link: LinkId;
  readonly initiator: boolean;
  phase: EndPhase = 'signalling';
  /** The end that this one is paired with, once a description came from it. */
  other: LinkEnd | undefined;
  described = false;
  candidates = 0;
  flow: Flow = 'pass';
  /** What waits in a stalled direction; `close` is the far end's notice. */
  stalled: (Packet | 'close')[] | undefined;
  /** One way to the other end, ms. */
  latencyMs = 0;
  /** Bytes a ms from here to the other end. */
  bytesPerMs = Infinity;
  busyUntilMs = 0;
  lastArrivalMs = 0;
  /** When the channel opens at this end, ms. */
  upAtMs = Infinity;
  /** Bytes sent whose leaving the core has not been told of. */
  unreportedBytes = 0;
  drainSet = false;

  constructor(serial: number, peer: SimPeer, link: LinkId, initiator: boolean) {
    this.serial = serial;
    this.peer = peer;
    this.link = link;
    this.initiator = initiator;
  }

  get name(): string {
    return `${this.peer.name}/${this.link}`;
  }
}
