/**
 * The bodies of packets, one codec a shape. `decode` is total: `undefined` for anything but exactly one encoding
 * (rule W5), so that decoding and encoding again gives the same bytes.
 */
import { linkReasons, rootErrorCodes, type LinkReason, type RootErrorCode } from '../errors.ts';
import {
  channelBytesMax,
  chunkBytesMax,
  clientsMax,
  fileNameBytesMax,
  filesMax,
  fileTypeBytesMax,
  nameBytesMax,
  originBytesMax,
  pathNodesMax,
  signalBytesMax,
} from '../limits.ts';
import { noNode, type NodeId, type PeerRole, type RoomId, type SessionId, type TicketId } from '../types.ts';
import { readAttestation, writeAttestation, type Attestation } from './attestation.ts';
import { ByteReader, ByteWriter } from './bytes.ts';

/** Writes and reads one shape of body. */
export interface BodyCodec<T> {
  encode(value: T): Uint8Array;
  decode(body: Uint8Array): T | undefined;
}

/** A codec out of two halves that mirror each other. Decoding is strict: `undefined` unless the reader ends exactly. */
export function codec<T>(write: (w: ByteWriter, value: T) => void, read: (r: ByteReader) => T): BodyCodec<T> {
  return {
    encode(value) {
      const writer = new ByteWriter();
      write(writer, value);
      return writer.finish();
    },
    decode(body) {
      const reader = new ByteReader(body);
      const value = read(reader);
      return reader.done ? value : undefined;
    },
  };
}

function writeIds(w: ByteWriter, ids: readonly string[]): void {
  w.u8(ids.length);
  for (const id of ids) w.id(id);
}

function readIds(r: ByteReader, countMax: number): NodeId[] {
  const count = r.u8();
  if (count > countMax || count * 16 > r.remaining) {
    r.failed = true;
    return [];
  }
  return Array.from({ length: count }, () => r.id(16) as NodeId);
}

const roles: readonly PeerRole[] = ['peer', 'leaf', 'relay'];

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

function bounded(r: ByteReader, value: number, max: number): number {
  if (value > max) r.failed = true;
  return value;
}

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

/** Upwards (reunion, request): what hangs below the sender, itself included. */
export interface FoldBody {
  readonly epoch: number;
  readonly round: number;
  readonly subtreeSize: number;
  /** Levels below the sender; 0 for a leaf. */
  readonly height: number;
  readonly freeSlots: number;
  readonly attachEpoch: number;
}
export const foldBody = codec<FoldBody>(
  (w, v) => w.u48(v.epoch).u32(v.round).u32(v.subtreeSize).u8(v.height).u32(v.freeSlots).u32(v.attachEpoch),
  (r) => ({
    epoch: r.u48(),
    round: r.u32(),
    subtreeSize: r.u32(),
    height: r.u8(),
    freeSlots: r.u32(),
    attachEpoch: r.u32(),
  }),
);

/** Downwards (reunion, response in a sweep, push after a change): where the receiver's parent stands. */
export interface SweepBody {
  readonly epoch: number;
  readonly round: number;
  readonly roomSize: number;
  /** The root's own word, as it gave it to the head; `undefined` while the head does not reach it (rules U2, U7). */
  readonly attestation: Attestation | undefined;
  /** From the head to the sender, both included; empty from the root to the head. */
  readonly path: readonly NodeId[];
}
export const sweepBody = codec<SweepBody>(
  (w, v) => {
    w.u48(v.epoch)
      .u32(v.round)
      .u32(v.roomSize)
      .u8(Number(v.attestation !== undefined));
    if (v.attestation) writeAttestation(w, v.attestation);
    writeIds(w, v.path);
  },
  (r) => ({
    epoch: r.u48(),
    round: r.u32(),
    roomSize: r.u32(),
    attestation: r.bool() ? readAttestation(r) : undefined,
    path: readIds(r, pathNodesMax),
  }),
);

/** A reunion on demand (reunion, pull up, then confirm down): records the nodes it passed, origin first. */
export interface ProbeBody {
  /** Below 2^48, chosen by chance: what the root signs answers this question and no other. */
  readonly probe: number;
  readonly path: readonly NodeId[];
  /** 64 bytes: the root's signature over `probedBytes`; `undefined` on the way up, and where the root was not reached. */
  readonly signature: Uint8Array | undefined;
}
export const probeBody = codec<ProbeBody>(
  (w, v) => {
    w.u48(v.probe).u8(Number(v.signature !== undefined));
    if (v.signature) w.raw(v.signature);
    writeIds(w, v.path);
  },
  (r) => ({ probe: r.u48(), signature: r.bool() ? r.raw(64) : undefined, path: readIds(r, pathNodesMax) }),
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

/**
 * leave, leave. To a neighbour or the root: `subject` is the sender, who goes; `successor` is where its clients
 * should go, or `noNode`. From a parent to the root: `subject` is a client that is gone.
 */
export interface LeaveBody {
  readonly subject: NodeId;
  readonly successor: NodeId;
  readonly reason: LinkReason;
  /** The subject's attach epoch as the sender knows it: a report about an earlier one is out of date. */
  readonly attachEpoch: number;
}
export const leaveBody = codec<LeaveBody>(
  (w, v) => w.id(v.subject).id(v.successor).u8(linkReasons.indexOf(v.reason)).u32(v.attachEpoch),
  (r) => ({
    subject: r.id(16) as NodeId,
    successor: r.id(16) as NodeId,
    reason: r.oneOf(linkReasons),
    attachEpoch: r.u32(),
  }),
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

const helloRoles = ['parent', 'backupOut'] as const;

/** First packet on a new link: hello, request from the end that made the offer, response from the other (rule A6). */
export interface HelloBody {
  readonly ticket: TicketId;
  /** What the offering end wants the other to be. */
  readonly role: (typeof helloRoles)[number];
  /** 32 bytes over both DTLS fingerprints; both ends must derive the same (rule S4). */
  readonly binding: Uint8Array;
  /** Sum over what the sender has of every stream; equal sums need no frontier exchange (rule L4). */
  readonly frontierDigest: number;
  readonly attachEpoch: number;
  /** Whether the sender has never had a parent: takes its baselines from the other's frontier (rule L6). */
  readonly newcomer: boolean;
  /** Version of the owner's order that it has; 0 for none (rule O5). */
  readonly order?: number;
}
export const helloBody = codec<HelloBody>(
  (w, v) => {
    w.id(v.ticket).u8(helloRoles.indexOf(v.role)).raw(v.binding).u32(v.frontierDigest).u32(v.attachEpoch);
    w.u8(Number(v.newcomer)).u32(v.order ?? 0);
  },
  (r) => ({
    ticket: r.id(16) as TicketId,
    role: r.oneOf(helloRoles),
    binding: r.raw(32),
    frontierDigest: r.u32(),
    attachEpoch: r.u32(),
    newcomer: r.bool(),
    order: r.u32(),
  }),
);

/** hello, refuse: why a link or a promotion was not accepted. */
export interface RefuseBody {
  readonly reason: LinkReason;
}
export const refuseBody = codec<RefuseBody>(
  (w, v) => w.u8(linkReasons.indexOf(v.reason)),
  (r) => ({ reason: r.oneOf(linkReasons) }),
);

/** ping, push: sent when nothing else was for a while; both ends judge the link by it (rules H2, H3, L5). */
export interface PingBody {
  /** Sender's clock, low 32 bits of ms. */
  readonly sentAt: number;
  /** `sentAt` of the last ping from the other end, and how long ago it came, ms; 0 and 0 before the first. */
  readonly echo: number;
  readonly echoAgeMs: number;
  /** Packets the sender received on this link: shows the other end that its packets arrive. */
  readonly received: number;
  /** Packets the sender sent on this link before this ping: shows the other end whether it has them all. */
  readonly sent: number;
  /** The sender's depth, 255 when it is not anchored. Lets a backup be judged before it is needed. */
  readonly depth: number;
  /** The sender's parent, or `noNode`. */
  readonly parent: NodeId;
  /** Sum of a hash of every living edge it knows; 0 when its picture is not whole. Different sums: tell each other (M5). */
  readonly edgesDigest: number;
}
export const pingBody = codec<PingBody>(
  (w, v) => {
    w.u32(v.sentAt)
      .u32(v.echo)
      .u32(v.echoAgeMs)
      .u32(v.received)
      .u32(v.sent)
      .u8(v.depth)
      .id(v.parent)
      .u32(v.edgesDigest);
  },
  (r) => ({
    sentAt: r.u32(),
    echo: r.u32(),
    echoAgeMs: r.u32(),
    received: r.u32(),
    sent: r.u32(),
    depth: r.u8(),
    parent: r.id(16) as NodeId,
    edgesDigest: r.u32(),
  }),
);

/** What a peer has of one stream. */
export interface FrontierEntry {
  readonly sender: NodeId;
  readonly session: SessionId;
  /** The next position it lacks: it has everything below. */
  readonly next: number;
  /** The oldest position that its log still holds; equal to `next` when none. */
  readonly oldest: number;
  /** Version of the sender's presence that it has; 0 for none. */
  readonly presence: number;
}

/** Bytes of one entry, and how many fit one packet. */
const frontierEntryBytes = 36;
export const frontierEntriesMax = 400;

/**
 * frontier. pull: "this is all I have, send what I lack"; response: the entries that differ; each may need several
 * packets, `last` marks the end (rule L4).
 */
export interface FrontierBody {
  readonly last: boolean;
  /** Version of the owner's order that it has; 0 for none (rule O5). */
  readonly order?: number;
  readonly entries: readonly FrontierEntry[];
}
export const frontierBody = codec<FrontierBody>(
  (w, v) => {
    w.u8(Number(v.last))
      .u32(v.order ?? 0)
      .u16(v.entries.length);
    for (const e of v.entries) w.id(e.sender).id(e.session).u32(e.next).u32(e.oldest).u32(e.presence);
  },
  (r) => {
    const last = r.bool();
    const order = r.u32();
    const count = r.u16();
    if (count > frontierEntriesMax || count * frontierEntryBytes > r.remaining) {
      r.failed = true;
      return { last, order, entries: [] };
    }
    const entries = Array.from({ length: count }, () => ({
      sender: r.id(16) as NodeId,
      session: r.id(8) as SessionId,
      next: r.u32(),
      oldest: r.u32(),
      presence: r.u32(),
    }));
    return { last, order, entries };
  },
);

/** healing, push: the sender's path to the root is broken and being mended by `orphan` (rule H5). */
export interface HealingBody {
  readonly orphan: NodeId;
}
export const healingBody = codec<HealingBody>(
  (w, v) => w.id(v.orphan),
  (r) => ({ orphan: r.id(16) as NodeId }),
);

/** Where a peer hangs, as its parent says; the newest `attachEpoch` wins, and at equal epochs `gone` (rule M5). */
export interface Edge {
  readonly client: NodeId;
  readonly parent: NodeId;
  readonly attachEpoch: number;
  readonly gone: boolean;
}

const edgeBytes = 37;
export const edgesMax = 400;

/** edges, push: edges that changed. */
export interface EdgesBody {
  readonly edges: readonly Edge[];
}
export const edgesBody = codec<EdgesBody>(
  (w, v) => {
    w.u16(v.edges.length);
    for (const e of v.edges) w.id(e.client).id(e.parent).u32(e.attachEpoch).u8(Number(e.gone));
  },
  (r) => {
    const count = r.u16();
    if (count > edgesMax || count * edgeBytes > r.remaining) {
      r.failed = true;
      return { edges: [] };
    }
    const edges = Array.from({ length: count }, () => ({
      client: r.id(16) as NodeId,
      parent: r.id(16) as NodeId,
      attachEpoch: r.u32(),
      gone: r.bool(),
    }));
    return { edges };
  },
);

/** presence, push: who a sender is. The header's seq is its version; the highest wins. */
export interface PresenceBody {
  readonly name: string;
  readonly role: PeerRole;
  /** When the person joined, ms since 1970 by its own clock. */
  readonly sinceMs: number;
  readonly away: boolean;
  /** 32 bytes: the X25519 key that direct messages to the sender are sealed to (rule S8). Zeros: it takes none. */
  readonly sealingKey?: Uint8Array;
}
const noSealingKey = new Uint8Array(32);
export const presenceBody = codec<PresenceBody>(
  (w, v) =>
    w
      .text8(v.name)
      .u8(roles.indexOf(v.role))
      .u48(v.sinceMs)
      .u8(Number(v.away))
      .raw(v.sealingKey ?? noSealingKey),
  (r) => ({
    name: r.text8(nameBytesMax),
    role: r.oneOf(roles),
    sinceMs: r.u48(),
    away: r.bool(),
    sealingKey: r.raw(32),
  }),
);

/**
 * `file`: a manifest (data as `manifestBody`); `cancel`: its sender took a file back (data as `cancelBody`); `sealed`: for its
 * addressee only (rule S7), what it holds is in `directBody`; `reply`: a text that answers a message (data as `replyBody`);
 * `fileKey`: what opens a file for one (data as `fileSecretBody`), only ever within what is sealed.
 */
export const contentKinds = ['text', 'bytes', 'file', 'cancel', 'sealed', 'reply', 'fileKey'] as const;

/** One thing that a person or program sends. */
export interface Message {
  readonly content: (typeof contentKinds)[number];
  /** UTF-8 of a text, or the bytes. */
  readonly data: Uint8Array;
  /** Receiver of a direct message, or `noNode` for everybody. */
  readonly to: NodeId;
  /** Channel within the room; empty for the room itself. */
  readonly channel: string;
}

/** The plain text of a message packet: one or more messages, so that a busy sender's share a signature (rule M2). */
export const messagesBody = codec<readonly Message[]>(
  (w, v) => {
    for (const m of v) w.u8(contentKinds.indexOf(m.content)).id(m.to).text8(m.channel).u16(m.data.length).raw(m.data);
  },
  (r) => {
    const messages: Message[] = [];
    do {
      const content = r.oneOf(contentKinds);
      const to = r.id(16) as NodeId;
      const channel = r.text8(channelBytesMax);
      messages.push({ content, to, channel, data: r.raw(r.u16()) });
    } while (!r.failed && !r.done);
    return messages;
  },
);

/** Bytes that sealing adds to a message for one: a key, a tag, kind and length of the channel (rule S7). */
const sealingBytes = 32 + 16 + 2;

/** Bytes a message adds to a message packet, at most. */
export function messageSize(message: Message): number {
  const sealing = message.to === noNode ? 0 : sealingBytes;
  return 1 + 16 + 1 + message.channel.length * 3 + 2 + message.data.length + sealing;
}

/** What a sender says of a file before its chunks (rule F1). The message packet that carries it is signed. */
export interface Manifest {
  /** Number of the file within the sender's session. */
  readonly file: number;
  readonly sizeBytes: number;
  /** Bytes in each chunk but the last. */
  readonly chunkBytes: number;
  readonly name: string;
  /** Media type, may be empty. */
  readonly type: string;
}
export const manifestBody = codec<Manifest>(
  (w, v) => w.u32(v.file).u48(v.sizeBytes).u16(v.chunkBytes).text8(v.name).text8(v.type),
  (r) => ({
    file: r.u32(),
    sizeBytes: r.u48(),
    chunkBytes: atLeastOne(r, bounded(r, r.u16(), chunkBytesMax)),
    name: r.text8(fileNameBytesMax),
    type: r.text8(fileTypeBytesMax),
  }),
);

function atLeastOne(r: ByteReader, value: number): number {
  if (value < 1) r.failed = true;
  return value;
}

/** Chunks of a file of this size. An empty file has none. */
export function chunkCount(manifest: Manifest): number {
  return Math.ceil(manifest.sizeBytes / manifest.chunkBytes);
}

/** The data of a `cancel`. */
export const cancelBody = codec<{ readonly file: number }>(
  (w, v) => w.u32(v.file),
  (r) => ({ file: r.u32() }),
);

/** Bytes of a chunk's body before its data: the file's number stays readable, the data is encrypted behind it. */
export const chunkPrefixBytes = 4;

/** chunk, push: `seq` in the header is its index; the body is the file's number and the data. */
export const chunkBody = codec<{ readonly file: number; readonly data: Uint8Array }>(
  (w, v) => w.u32(v.file).raw(v.data),
  (r) => ({ file: r.u32(), data: r.raw(r.remaining) }),
);

/** How far a peer is with one file. */
export interface FileHave {
  readonly sender: NodeId;
  readonly session: SessionId;
  readonly file: number;
  /** The next chunk it lacks: it has all before. */
  readonly next: number;
}

/**
 * want: how far the sender is with files. pull: the other end sends on from there (rule F3); confirm: it has taken what was sent
 * up to there, and the other end may send more (rule F4).
 */
export const wantBody = codec<readonly FileHave[]>(
  (w, v) => {
    w.u8(v.length);
    for (const have of v) w.id(have.sender).id(have.session).u32(have.file).u32(have.next);
  },
  (r) =>
    Array.from({ length: bounded(r, r.u8(), filesMax) }, () => ({
      sender: r.id(16) as NodeId,
      session: r.id(8) as SessionId,
      file: r.u32(),
      next: r.u32(),
    })),
);

/** progress, push: towards a file's sender, how many peers on this side have it (rule F5). */
export interface ProgressBody {
  readonly sender: NodeId;
  readonly session: SessionId;
  readonly file: number;
  readonly complete: number;
  readonly peers: number;
}
export const progressBody = codec<ProgressBody>(
  (w, v) => w.id(v.sender).id(v.session).u32(v.file).u32(v.complete).u32(v.peers),
  (r) => ({
    sender: r.id(16) as NodeId,
    session: r.id(8) as SessionId,
    file: r.u32(),
    complete: r.u32(),
    peers: r.u32(),
  }),
);
