/** What a peer and its root say to each other: registration, advertise, signals, errors (chapters R and A of docs/protocol.md). */
import { linkReasons, rootErrorCodes, type LinkReason, type RootErrorCode } from '../../errors.ts';
import { clientsMax, originBytesMax, signalBytesMax } from '../../limits.ts';
import { noNode, type NodeId, type PeerRole, type RoomId, type TicketId } from '../../types.ts';
import { bounded, codec, readIds, roles, writeIds } from './codec.ts';

/** Root to peer, first thing on a socket (registration, push). */
export interface Challenge {
  /** 32 bytes, for one registration on this socket: 31 random ones, and how much work is to be done for it (rule R10). */
  readonly challenge: Uint8Array;
  /** When this root started, ms: changes exactly when the root lost its state. */
  readonly epoch: number;
  /** The root's clock, ms since 1970. */
  readonly rootTimeMs: number;
}
export const challengeBody = codec<Challenge>(
  (w, v) => w.raw(v.challenge).u48(v.epoch).u48(v.rootTimeMs),
  (r) => ({ challenge: r.raw(32), epoch: r.u48(), rootTimeMs: r.u48() }),
);

/** Peer to root (registration, request). The packet's validator is the proof of the peer's key (rule R2). */
export interface RegReq {
  readonly room: RoomId;
  readonly challenge: Uint8Array;
  /** Origin of the page, or `node` for a headless peer. The root compares it with the socket's. */
  readonly origin: string;
  /** 64 bytes: the room's admission key over challenge and sender (rule R3). Filled in when the packet is sealed. */
  readonly admission: Uint8Array;
  /** 8 bytes: the work that the challenge asks for (rule R10). Zeros until the packet is sealed, and when none is asked for. */
  readonly work?: Uint8Array;
  readonly clientsMax: number;
  readonly role: PeerRole;
  /** A hidden page or one on battery: kept as a leaf. */
  readonly hidden: boolean;
  /** Whether this peer is the head of its room at the moment. */
  readonly head: boolean;
  /** Its parent at the moment, or `noNode`. */
  readonly parent: NodeId;
  readonly attachEpoch: number;
  readonly depth: number;
  readonly subtreeSize: number;
  readonly clients: readonly NodeId[];
  /** 32 bytes: the room's admission key. Filled in when the packet is sealed (rule O1). */
  readonly roomKey?: Uint8Array;
  /** Id of the room's owner, or `noNode`. Filled in when the packet is sealed. */
  readonly owner?: NodeId;
  /** Version of the owner's order that it has; 0 for none (rule O5). */
  readonly order?: number;
}
/** Bytes of `work` in a registration. */
export const workBytes = 8;
const noWork = new Uint8Array(workBytes);
const noKey = new Uint8Array(32);
export const regReqBody = codec<RegReq>(
  (w, v) => {
    w.id(v.room)
      .raw(v.challenge)
      .text8(v.origin)
      .raw(v.admission)
      .raw(v.work ?? noWork);
    w.u8(v.clientsMax).u8(roles.indexOf(v.role));
    w.u8(Number(v.hidden)).u8(Number(v.head)).id(v.parent).u32(v.attachEpoch).u8(v.depth).u32(v.subtreeSize);
    writeIds(w, v.clients);
    w.raw(v.roomKey ?? noKey)
      .id(v.owner ?? noNode)
      .u32(v.order ?? 0);
  },
  (r) => ({
    room: r.id(32) as RoomId,
    challenge: r.raw(32),
    origin: r.text8(originBytesMax),
    admission: r.raw(64),
    work: r.raw(workBytes),
    clientsMax: bounded(r, r.u8(), clientsMax),
    role: r.oneOf(roles),
    hidden: r.bool(),
    head: r.bool(),
    parent: r.id(16) as NodeId,
    attachEpoch: r.u32(),
    depth: r.u8(),
    subtreeSize: r.u32(),
    clients: readIds(r, clientsMax * 2),
    roomKey: r.raw(32),
    owner: r.id(16) as NodeId,
    order: r.u32(),
  }),
);

/** Root to peer (registration, response): the Ack. */
export interface RegRes {
  readonly epoch: number;
  readonly rootTimeMs: number;
  readonly roomSize: number;
  /** Another head has this room: detach from the root and advertise (rule R8). */
  readonly headDenied: boolean;
  /** 32 bytes: the public key under which this root signs what it says of the room (rule U7). */
  readonly rootKey: Uint8Array;
  /** Version of the owner's order that the root has; 0 for none (rule O5). */
  readonly order?: number;
}
export const regResBody = codec<RegRes>(
  (w, v) =>
    w
      .u48(v.epoch)
      .u48(v.rootTimeMs)
      .u32(v.roomSize)
      .u8(Number(v.headDenied))
      .raw(v.rootKey)
      .u32(v.order ?? 0),
  (r) => ({
    epoch: r.u48(),
    rootTimeMs: r.u48(),
    roomSize: r.u32(),
    headDenied: r.bool(),
    rootKey: r.raw(32),
    order: r.u32(),
  }),
);

export const purposes = ['parent', 'backup', 'move'] as const;
export type Purpose = (typeof purposes)[number];

/** Peer to root (advertise, request): a registered peer asks for a parent or a backup. */
export interface Advertise {
  readonly purpose: Purpose;
  /** The node that failed this peer, or `noNode`. */
  readonly complaint: NodeId;
  readonly reason: LinkReason;
  readonly attachEpoch: number;
}
export const advertiseBody = codec<Advertise>(
  (w, v) => w.u8(purposes.indexOf(v.purpose)).id(v.complaint).u8(linkReasons.indexOf(v.reason)).u32(v.attachEpoch),
  (r) => ({
    purpose: r.oneOf(purposes),
    complaint: r.id(16) as NodeId,
    reason: r.oneOf(linkReasons),
    attachEpoch: r.u32(),
  }),
);

export const assignmentResults = ['node', 'head', 'none', 'full'] as const;

/**
 * Root to peer: the answer to an Advertise (response), or an order to move (move).
 * `head`: the root itself is the parent. `none`: nothing to give now, ask again after `retryAfterMs`.
 */
export interface AssignmentBody {
  readonly purpose: Purpose;
  readonly result: (typeof assignmentResults)[number];
  readonly target: NodeId;
  readonly ticket: TicketId;
  /** The target's attach epoch as the root knows it; the target refuses a ticket that does not match (rule A5). */
  readonly placementVersion: number;
  readonly expiresInMs: number;
  readonly retryAfterMs: number;
}
export const assignmentBody = codec<AssignmentBody>(
  (w, v) => {
    w.u8(purposes.indexOf(v.purpose)).u8(assignmentResults.indexOf(v.result)).id(v.target).id(v.ticket);
    w.u32(v.placementVersion).u32(v.expiresInMs).u32(v.retryAfterMs);
  },
  (r) => ({
    purpose: r.oneOf(purposes),
    result: r.oneOf(assignmentResults),
    target: r.id(16) as NodeId,
    ticket: r.id(16) as TicketId,
    placementVersion: r.u32(),
    expiresInMs: r.u32(),
    retryAfterMs: r.u32(),
  }),
);

/** Root to the target of an assignment (advertise, expect): who will come with which ticket. */
export interface ExpectBody {
  readonly purpose: Purpose;
  readonly client: NodeId;
  readonly ticket: TicketId;
  readonly placementVersion: number;
  readonly expiresInMs: number;
  /** Clients beyond k that the target may take for this ticket (displacement of a leaf). */
  readonly excess: number;
}
export const expectBody = codec<ExpectBody>(
  (w, v) => {
    w.u8(purposes.indexOf(v.purpose)).id(v.client).id(v.ticket).u32(v.placementVersion).u32(v.expiresInMs).u8(v.excess);
  },
  (r) => ({
    purpose: r.oneOf(purposes),
    client: r.id(16) as NodeId,
    ticket: r.id(16) as TicketId,
    placementVersion: r.u32(),
    expiresInMs: r.u32(),
    excess: r.u8(),
  }),
);

/** Peer to root (advertise, confirm): whom it hangs from now, by a ticket or by a rescue (`noTicket`). */
export interface ConfirmBody {
  readonly purpose: Purpose;
  readonly target: NodeId;
  readonly ticket: TicketId;
  readonly attachEpoch: number;
}
export const confirmBody = codec<ConfirmBody>(
  (w, v) => w.u8(purposes.indexOf(v.purpose)).id(v.target).id(v.ticket).u32(v.attachEpoch),
  (r) => ({
    purpose: r.oneOf(purposes),
    target: r.id(16) as NodeId,
    ticket: r.id(16) as TicketId,
    attachEpoch: r.u32(),
  }),
);

/** Peer to root (advertise, update): what it offers changed. */
export interface OfferBody {
  readonly clientsMax: number;
  readonly role: PeerRole;
  readonly hidden: boolean;
}
export const offerBody = codec<OfferBody>(
  (w, v) => w.u8(v.clientsMax).u8(roles.indexOf(v.role)).u8(Number(v.hidden)),
  (r) => ({ clientsMax: bounded(r, r.u8(), clientsMax), role: r.oneOf(roles), hidden: r.bool() }),
);

/** Between the two ends of a ticket, by way of the root (signal, request). `data` is sealed by the shell. */
export interface SignalBody {
  readonly to: NodeId;
  readonly ticket: TicketId;
  readonly data: Uint8Array;
}
export const signalBody = codec<SignalBody>(
  (w, v) => w.id(v.to).id(v.ticket).u16(v.data.length).raw(v.data),
  (r) => ({ to: r.id(16) as NodeId, ticket: r.id(16) as TicketId, data: r.raw(bounded(r, r.u16(), signalBytesMax)) }),
);

/** Root to peer (error, none). */
export interface ErrorBody {
  readonly code: RootErrorCode;
  /** Whether the socket ends with it. */
  readonly final: boolean;
}
export const errorBody = codec<ErrorBody>(
  (w, v) => w.u8(rootErrorCodes.indexOf(v.code)).u8(Number(v.final)),
  (r) => ({ code: r.oneOf(rootErrorCodes), final: r.bool() }),
);
