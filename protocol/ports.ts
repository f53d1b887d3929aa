/** What the core needs from the outside, as one-method interfaces. Each has a real and a simulated implementation. */
import type { IceServer } from './ice.ts';
import type { NodeId } from './types.ts';
import type { Packet, VerifiedPacket } from './wire/packet.ts';

/** Source of random numbers. The simulator's is seeded; the shell's is `crypto.getRandomValues`. */
export interface Rng {
  /** Uniform integer in 0 .. 2^32 - 1. */
  uint32(): number;
}

/** Milliseconds that never go back. The only clock that `handle` is ever given. */
export interface Clock {
  nowMs(): number;
}

/** Makes a packet that leaves this peer: encrypts a message's body, then signs (rule S3). */
export interface Signer {
  readonly publicKey: Uint8Array;
  readonly id: NodeId;
  /** The same packet with `validator` and `bytes` filled in. Never rejects for valid packets. */
  seal(packet: Packet): Promise<Packet> | Packet;
}

/** Checks a packet that arrived (rule S2): signature over the received bytes, then decryption of a message's body. */
export interface Verifier {
  /** The packet with its sender's id, or `undefined` when it must be dropped. Never rejects. */
  verify(packet: Packet): Promise<VerifiedPacket | undefined> | VerifiedPacket | undefined;
  /** Whether a root's Ed25519 signature over these bytes is right (rule U7). Never rejects. */
  verifyRoot(rootKey: Uint8Array, signature: Uint8Array, signed: Uint8Array): Promise<boolean> | boolean;
}

/** The root's own key (rule U7). Signs at once: one signature a room and period. */
export interface RootSigner {
  readonly publicKey: Uint8Array;
  /** 64 bytes, Ed25519. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** One WebRTC data channel as the shell sees it. Events are handed to `Peer` by whoever made it. */
export interface Link {
  /** Queue one frame of at most `frameBytesMax` bytes. A dead link ignores it. */
  send(frame: Uint8Array): void;
  /** Feed a signal that the far end made. */
  signal(data: Uint8Array): void;
  /** Close now; no event follows. */
  close(): void;
}

/** What happens on a link. */
export interface LinkEvents {
  /** `binding`: 32 bytes that both ends derive from both DTLS fingerprints (rule S4). */
  up(binding: Uint8Array): void;
  down(): void;
  signal(data: Uint8Array): void;
  frame(frame: Uint8Array): void;
  /** `bytes` of what was sent have left the channel's buffer. */
  drained(bytes: number): void;
}

/** Makes links; nothing is made before the core asks for it (rule A7). */
export interface LinkMaker {
  open(remote: NodeId, initiator: boolean, events: LinkEvents): Link;
  /** ICE servers that the root hands over: for links made from now on, unless there are others already (rule R12). */
  useIceServers?(servers: readonly IceServer[]): void;
}

/** The control connection to the root. */
export interface RootLink {
  send(bytes: Uint8Array): void;
  close(): void;
}

/** What happens on the root link. */
export interface RootLinkEvents {
  up(): void;
  down(): void;
  packet(bytes: Uint8Array): void;
}
