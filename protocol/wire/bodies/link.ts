/** What two neighbours say to each other of their link, of what they have and of who hangs where (chapters H, L and M5). */
import { linkReasons, type LinkReason } from '../../errors.ts';
import type { NodeId, SessionId, TicketId } from '../../types.ts';
import { codec, readList } from './codec.ts';

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
    const bounds = { countMax: frontierEntriesMax, entryBytesMin: frontierEntryBytes };
    const entries = readList(r, r.u16(), bounds, () => ({
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
    const edges = readList(r, r.u16(), { countMax: edgesMax, entryBytesMin: edgeBytes }, () => ({
      client: r.id(16) as NodeId,
      parent: r.id(16) as NodeId,
      attachEpoch: r.u32(),
      gone: r.bool(),
    }));
    return { edges };
  },
);
