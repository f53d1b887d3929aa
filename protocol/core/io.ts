/** What goes into a peer's core and what comes out of it: plain data, fit for a journal. */
import type { LinkReason, ReasonCode } from '../errors.ts';
import type { OrderBody } from '../wire/bodies/order.ts';
import type { Manifest, Message, PresenceBody } from '../wire/bodies.ts';
import type { Packet, RootBoundPacket, VerifiedPacket } from '../wire/packet.ts';
import type { FileKey, LinkId, NodeId, PeerRole, PeerState, SessionId } from '../types.ts';

/** One input. `handle` takes it with the time; it never throws for what a network can cause. */
export type CoreInput =
  | { readonly kind: 'rootUp' }
  | { readonly kind: 'rootDown' }
  /** `attested`: it is a sweep, and the root signed what it carries (rule U7). */
  | { readonly kind: 'rootPacket'; readonly packet: VerifiedPacket; readonly attested: boolean }
  /** `binding`: 32 bytes that both ends derive from both DTLS fingerprints. */
  | { readonly kind: 'linkUp'; readonly link: LinkId; readonly binding: Uint8Array }
  | { readonly kind: 'linkDown'; readonly link: LinkId }
  /** The local end of a link made a signal for the far end. */
  | { readonly kind: 'linkSignal'; readonly link: LinkId; readonly data: Uint8Array }
  | { readonly kind: 'packet'; readonly link: LinkId; readonly packet: VerifiedPacket; readonly attested: boolean }
  /**
   * A packet on this link did not reach the core: malformed, wrongly signed or not from its neighbour (`blame`), or
   * merely unknown to this version or more than is taken (rule S12).
   */
  | { readonly kind: 'badPacket'; readonly link: LinkId; readonly blame: boolean }
  | { readonly kind: 'linkDrained'; readonly link: LinkId; readonly bytes: number }
  /** A packet that the core asked to seal, signed. Comes back in the order it was asked for. */
  | { readonly kind: 'sealed'; readonly packet: VerifiedPacket }
  | { readonly kind: 'send'; readonly messages: readonly Message[]; readonly timeMs: number }
  | { readonly kind: 'presence'; readonly presence: PresenceBody; readonly timeMs: number }
  /** The user types something in a channel, or stopped. */
  | { readonly kind: 'typing'; readonly active: boolean; readonly channel: string; readonly timeMs: number }
  /** The owner rules (rule O2). */
  | { readonly kind: 'order'; readonly order: OrderBody; readonly version: number; readonly timeMs: number }
  | { readonly kind: 'offer'; readonly clientsMax: number; readonly role: PeerRole; readonly hidden: boolean }
  /** The answer to `readChunk`: the sealed packet, or `undefined` when it cannot be had any more. */
  | {
      readonly kind: 'chunkRead';
      readonly link: LinkId;
      readonly file: FileKey;
      readonly index: number;
      readonly packet: VerifiedPacket<'chunk'> | undefined;
    }
  /** The shell keeps this file no longer. */
  | { readonly kind: 'dropFile'; readonly file: FileKey }
  /** A reunion on demand; its path comes back as a `probe` output. */
  | { readonly kind: 'probe'; readonly probe: number }
  /** Says LEAVE everywhere and closes all links. `pause`: the peer keeps what it has and may register again. */
  | { readonly kind: 'leave'; readonly pause: boolean }
  | { readonly kind: 'timer' };

/** One output of `poll`, to be carried out in order. */
export type CoreOutput =
  | { readonly kind: 'sendRoot'; readonly packet: RootBoundPacket }
  /** Make an RTCPeerConnection; `initiator` makes the offer. */
  | { readonly kind: 'openLink'; readonly link: LinkId; readonly remote: NodeId; readonly initiator: boolean }
  | { readonly kind: 'closeLink'; readonly link: LinkId; readonly reason: LinkReason }
  | { readonly kind: 'signalLink'; readonly link: LinkId; readonly data: Uint8Array }
  | { readonly kind: 'send'; readonly link: LinkId; readonly packet: Packet }
  | { readonly kind: 'seal'; readonly packet: Packet }
  /** A message packet in its place: exactly once and in order for each sender. `messages` is what it holds. */
  | {
      readonly kind: 'deliver';
      readonly packet: VerifiedPacket<'message'>;
      readonly messages: readonly Message[];
      /** Whether it was said before this peer came. */
      readonly isPast: boolean;
    }
  /** What was said before this peer came has been delivered, as far as it can be had. Once. */
  | { readonly kind: 'caughtUp' }
  | {
      readonly kind: 'gap';
      readonly sender: NodeId;
      readonly session: SessionId;
      readonly from: number;
      readonly to: number;
    }
  | { readonly kind: 'presence'; readonly node: NodeId; readonly presence: PresenceBody; readonly self: boolean }
  /** Somebody (oneself included) announced a file. It is kept for others, also where it is not for the user (`isShown`). */
  | {
      readonly kind: 'file';
      readonly file: FileKey;
      readonly sender: NodeId;
      readonly manifest: Manifest;
      readonly isShown: boolean;
    }
  /** The next chunk of a file, in order: to be stored. `done` after the last one. */
  | {
      readonly kind: 'chunk';
      readonly file: FileKey;
      readonly packet: VerifiedPacket<'chunk'>;
      readonly done: boolean;
    }
  /** A neighbour lacks this chunk: read it and give it back with `chunkRead`. */
  | { readonly kind: 'readChunk'; readonly link: LinkId; readonly file: FileKey; readonly index: number }
  /** Own file: how many of the room's other peers have all of it. */
  | { readonly kind: 'fileProgress'; readonly file: FileKey; readonly complete: number; readonly peers: number }
  /** Its sender took it back, or it made room for a newer one. */
  | { readonly kind: 'fileGone'; readonly file: FileKey; readonly cancelled: boolean }
  /** Own packets: how many of the `of` others were given each. */
  | {
      readonly kind: 'receipts';
      readonly session: SessionId;
      readonly of: number;
      readonly receipts: readonly { readonly seq: number; readonly reached: number }[];
    }
  /** The owner's newest word. */
  | { readonly kind: 'order'; readonly order: OrderBody; readonly version: number }
  /** Somebody else types, or does no longer. */
  | { readonly kind: 'typing'; readonly node: NodeId; readonly active: boolean; readonly channel: string }
  | { readonly kind: 'absent'; readonly node: NodeId }
  | { readonly kind: 'state'; readonly state: PeerState; readonly reason: ReasonCode }
  /** The view (`view()`) changed: parent, clients, path, size, edges or the root's reachability. */
  | { readonly kind: 'tree' }
  | {
      readonly kind: 'probe';
      readonly probe: number;
      readonly path: readonly NodeId[];
      readonly rootReachable: boolean;
    }
  /** Something failed that the user may want to know and that the core goes on from. */
  | { readonly kind: 'error'; readonly code: ReasonCode; readonly node?: NodeId };

/** What a neighbour looks like from here. */
export interface LinkView {
  readonly link: LinkId;
  readonly node: NodeId;
  readonly role: 'parent' | 'client' | 'backupOut' | 'backupIn';
  /** Smoothed round trip of pings, ms; `undefined` before the first. */
  readonly rttMs: number | undefined;
}

/** Everything a page or a checker may ask of a peer at a moment. A snapshot. */
/** Where a peer stands: what a look costs little for. */
export interface PlaceView {
  readonly id: NodeId;
  readonly session: SessionId;
  readonly state: PeerState;
  /** `undefined`: none; equal to `id`: this peer is the head and its parent is the root itself. */
  readonly parent: NodeId | undefined;
  readonly head: boolean;
  readonly clients: readonly NodeId[];
  readonly links: readonly LinkView[];
  /** From the head to this peer, both included; empty when not anchored. */
  readonly path: readonly NodeId[];
  readonly roomSize: number;
  readonly subtreeSize: number;
  /** Whether the last sweep showed that the head reaches the root (rule U7). */
  readonly rootReachable: boolean;
  /** Whether this peer's own socket to the root is up and registered. */
  readonly registered: boolean;
  readonly attachEpoch: number;
  /** The peer being connected to as a parent, while there is one. */
  readonly connectingTo: NodeId | undefined;
  readonly logPackets: number;
  readonly logBytes: number;
}

/** What a peer knows of itself and its room. */
export interface PeerView extends PlaceView {
  /** Known edges, client -> parent (this peer's own included); partial above `fullPictureMax` peers. */
  readonly edges: ReadonlyMap<NodeId, NodeId>;
  readonly members: ReadonlyMap<NodeId, PresenceBody>;
}

/** What a peer has counted since it started. */
export interface PeerCounters {
  delivered: number;
  duplicates: number;
  gaps: number;
  badPackets: number;
  /** Healings that ended attached. */
  heals: number;
  /** Duration of the last of them, ms. */
  lastHealMs: number;
  /** Message packets received on links, duplicates included. */
  messagesIn: number;
  reunionsOut: number;
  reunionsIn: number;
}

/** Parts that can be switched off to show that the simulator notices (mutation check). Production never sets it. */
export type Mutation = 'frontier' | 'watermark' | 'path-check' | 'dedup' | 'both-directions' | 'audit';

/** How a peer is set up. */
export interface PeerOptions {
  readonly room: string;
  readonly origin: string;
  /** Id of the room's owner; left out: there is none. */
  readonly owner?: NodeId;
  readonly clientsMax: number;
  readonly role: PeerRole;
  readonly hidden: boolean;
  /** Messages of before it came that a newcomer wants. */
  readonly history: boolean;
  readonly reunionPeriodMs: number;
  readonly originRatePerSecond: number;
  readonly originBurst: number;
  readonly logPacketsMax: number;
  readonly logBytesMax: number;
  readonly disabled: ReadonlySet<Mutation>;
}
