/** What goes into the root's core and what comes out of it. The server is a thin shell around these. */
import type { RootErrorCode } from '../errors.ts';
import type { RootSigner } from '../ports.ts';
import type { NodeId, RoomId, SocketId } from '../types.ts';
import type { IceBody } from '../wire/bodies/ice.ts';
import type { Packet, VerifiedPacket } from '../wire/packet.ts';

export type RootInput =
  /** A socket opened. `ip` and `port` as observed; `origin` is the page's, `node` for a headless peer. */
  | {
      readonly kind: 'open';
      readonly socket: SocketId;
      readonly ip: string;
      readonly port: number;
      readonly origin: string;
    }
  /**
   * A packet came. The shell has checked its signature (where its type has one) and, for a registration,
   * the admission signature under the room key the packet names; `admitted` says how the latter went, `workBits` how much
   * work was done for the challenge it names (rule R10; left out: none).
   */
  | {
      readonly kind: 'packet';
      readonly socket: SocketId;
      readonly packet: VerifiedPacket;
      readonly admitted: boolean;
      readonly workBits?: number;
    }
  /** Something came that is no valid packet. */
  | { readonly kind: 'bad'; readonly socket: SocketId; readonly code: RootErrorCode }
  | { readonly kind: 'close'; readonly socket: SocketId }
  | { readonly kind: 'timer' };

export type RootOutput =
  | { readonly kind: 'send'; readonly socket: SocketId; readonly packet: Packet }
  /** End the socket, after what was sent before. */
  | { readonly kind: 'end'; readonly socket: SocketId };

/** One peer in the root's picture. `ip` and `port`: the Node of the original design, root only. */
export interface RootNodeView {
  readonly id: NodeId;
  readonly ip: string;
  readonly port: number;
  readonly parent: NodeId | undefined;
  readonly clients: readonly NodeId[];
  /** 1 for the head; `undefined` while not anchored. */
  readonly depth: number | undefined;
  readonly clientsMax: number;
  readonly connected: boolean;
}

export interface RootRoomView {
  readonly room: RoomId;
  readonly head: NodeId | undefined;
  readonly nodes: ReadonlyMap<NodeId, RootNodeView>;
  readonly reservations: number;
}

/** How the root is set up. */
export interface RootOptions {
  /** What this root signs with (rule U7). */
  readonly signer: RootSigner;
  readonly clientsMax: number;
  readonly ticketLifeMs: number;
  readonly socketsPerAddressMax: number;
  readonly socketsMax: number;
  readonly roomPeersMax: number;
  /** Whether the root moves peers to keep trees shallow. */
  readonly balance: boolean;
  /** Registrations a second beyond which newcomers are asked for work (rule R10); left out: none are. */
  readonly joinsPerSecondMax?: number;
  /** The ICE servers to hand to a peer at a time (rule R12); left out: none. */
  readonly iceServers?: ((nowMs: number) => IceBody) | undefined;
}
