/**
 * The plain data of the protocol: ids, roles, states. Nothing here does anything.
 * Ids are lower-case hex strings, so that they can be map keys, sorted and printed.
 */

declare const brand: unique symbol;
type Branded<Kind extends string> = string & { readonly [brand]: Kind };

/** First 16 bytes of SHA-256 of a peer's public key, as 32 hex digits. */
export type NodeId = Branded<'NodeId'>;
/** Public half of a room's admission key or, in a room with an owner, a hash of it and the owner (rule O1): 64 hex digits. */
export type RoomId = Branded<'RoomId'>;
/** 8 bytes as 16 hex digits: 6 bytes of the root's clock at first registration (ms), 2 random. Ordered by time. */
export type SessionId = Branded<'SessionId'>;
/** 16 random bytes as 32 hex digits: the right to take one slot at one parent, once. */
export type TicketId = Branded<'TicketId'>;
/** `NodeId:SessionId`: one ordered sequence of packets by one sender. */
export type StreamKey = Branded<'StreamKey'>;
/** `NodeId:SessionId:number`: one file that somebody sent. */
export type FileKey = Branded<'FileKey'>;
/** First 16 bytes of SHA-256 of what a packet's signature covers, as 32 hex digits. */
export type PacketDigest = Branded<'PacketDigest'>;
/** Number that names a link within one peer. Never reused while the peer lives. */
export type LinkId = number;
/** Number that names a socket within one root. */
export type SocketId = number;

/** The all-zero id: "no node" on the wire. */
export const noNode = '0'.repeat(32) as NodeId;
/** The all-zero session: a peer that has not been registered yet. */
export const noSession = '0'.repeat(16) as SessionId;
/** The all-zero digest: nothing came before. */
export const noDigest = '0'.repeat(32) as PacketDigest;
/** The all-zero ticket: "no ticket" on the wire. */
export const noTicket = '0'.repeat(32) as TicketId;

/**
 * A peer as a packet names it. `ip` and `port` are what the root observed on the peer's socket; only the
 * root has them, they are never on the wire, and peers know each other by `id` alone.
 */
export interface Node {
  readonly id: NodeId;
  readonly ip?: string;
  readonly port?: number;
}

/** What a peer offers: a `peer` serves clients, a `leaf` would rather not, a `relay` is stable and serves many. */
export type PeerRole = 'peer' | 'leaf' | 'relay';

/** What a link is for. `client` is the far end of somebody's `parent`, `backupIn` of somebody's `backupOut`. */
export type LinkRole = 'parent' | 'client' | 'backupOut' | 'backupIn';

/** Where a peer stands. `reason` in a state change says why in a closed vocabulary (errors.ts). */
export type PeerState = 'idle' | 'registering' | 'advertising' | 'connecting' | 'attached' | 'healing' | 'left';

/** Key of a sender's stream. */
export function streamKey(sender: NodeId, session: SessionId): StreamKey {
  return `${sender}:${session}` as StreamKey;
}

/** The two halves of a stream key. */
export function splitStreamKey(key: StreamKey): { sender: NodeId; session: SessionId } {
  return { sender: key.slice(0, 32) as NodeId, session: key.slice(33) as SessionId };
}

/** Key of a file. */
export function fileKey(sender: NodeId, session: SessionId, file: number): FileKey {
  return `${sender}:${session}:${file}` as FileKey;
}
