/** The types of the SDK: everything a page or program sees of a room. Implementation in room.ts. */
// `Room` is an AsyncDisposable, which a program that uses the package may not have asked TypeScript for.
/// <reference lib="esnext.disposable" preserve="true" />
import type { ReasonCode } from '../protocol/errors.ts';
import type { NodeId, PeerRole, SessionId } from '../protocol/types.ts';

export type { NodeId, PeerRole, ReasonCode };
/** Largest file, in bytes, and longest file name, in bytes of UTF-8. */
export { fileNameBytesMax, fileSizeMax } from '../protocol/limits.ts';
/** Most that an owner may let speak. */
export { orderSpeakersMax as speakersMax } from '../protocol/limits.ts';

/** `node:session:seq:index`, unique within a room. */
export type MessageId = string;

/** Someone in the room. */
export interface Member {
  readonly id: NodeId;
  readonly name: string;
  readonly role: PeerRole;
  /** When it joined, ms since 1970 by its own clock. */
  readonly sinceMs: number;
  readonly away: boolean;
  /** Eight characters of the key's hash for people to tell namesakes apart. */
  readonly tag: string;
  readonly self: boolean;
}

/** One delivered message. Exactly one of `text` and `bytes` is set. */
export interface Message {
  readonly id: MessageId;
  readonly from: NodeId;
  readonly text?: string;
  readonly bytes?: Uint8Array;
  readonly to?: NodeId;
  readonly channel?: string;
  /** The message that this one answers. It may not be known here. */
  readonly replyTo?: MessageId;
  /** The sender's clock, ms since 1970. */
  readonly sentAt: number;
  /** This peer's clock when it arrived, ms since 1970. */
  readonly receivedAt: number;
  /** Tree edges it crossed; 0 for one's own. */
  readonly hops: number;
  readonly self: boolean;
}

/**
 * How far an own message got: `reached` of the `of` others in the room were given it. Counts add up along the tree, so the news
 * is a second or so old. A message for one has one other. Told for the last 32 packets, for 5 minutes, in rooms of up to 500.
 */
export interface Receipt {
  readonly id: MessageId;
  readonly reached: number;
  readonly of: number;
}

/** Somebody else began or ceased to type; it ends by itself 6 s after the last word of it. */
export interface Typing {
  readonly from: NodeId;
  readonly active: boolean;
  readonly channel?: string;
}

/** A hole that no peer in reach could fill: packets `fromSeq` to `toSeq` (inclusive) of one sender. */
export interface Gap {
  readonly from: NodeId;
  readonly session: SessionId;
  readonly fromSeq: number;
  readonly toSeq: number;
}

/**
 * joining: registering, asking for a parent or connecting to one, for the first time (`detail` says which);
 * attached: anchored in the tree; healing: lost the parent or the path; left: over.
 */
export type RoomState = 'joining' | 'attached' | 'healing' | 'left';

export type JoinDetail =
  'connecting-to-root' | 'registering' | 'asking-for-parent' | 'connecting-to-parent' | 'attached';

export interface StateChange {
  readonly state: RoomState;
  readonly detail: JoinDetail;
  readonly reason: ReasonCode;
  /** The parent being connected to, or attached to. Equal to one's own id for the head. */
  readonly parent?: NodeId;
}

/** A peer as the tree shows it. */
export interface TreePeer {
  readonly id: NodeId;
  /** `undefined` for the head, and while it is cut off. */
  readonly parent: NodeId | undefined;
}

/** A snapshot of what this peer knows of the tree. */
export interface TreeView {
  /** `undefined` while there is none; one's own id for the head (its parent is the root). */
  readonly parent: NodeId | undefined;
  readonly head: boolean;
  readonly clients: readonly NodeId[];
  readonly backup: NodeId | undefined;
  /** From the head to oneself, both included; empty while not anchored. */
  readonly path: readonly NodeId[];
  /** 1 for the head; 0 while not anchored. */
  readonly depth: number;
  readonly roomSize: number;
  /** Known peers; all of them in rooms of up to 500. */
  readonly peers: ReadonlyMap<NodeId, TreePeer>;
  /** Round trips to the neighbours, ms. */
  readonly roundTripMs: ReadonlyMap<NodeId, number>;
}

/** A packet that crossed a link or the root link, for people who want to look. Nothing of a message's content. */
export interface PacketTrace {
  readonly direction: 'in' | 'out';
  readonly type: string;
  readonly action: string;
  /** The neighbour, or `root`. */
  readonly peer: NodeId | 'root';
  /** The origin. */
  readonly sender: NodeId;
  readonly bytes: number;
  readonly atMs: number;
  readonly seq: number;
}

export interface RoomStats {
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly delivered: number;
  readonly duplicates: number;
  readonly gaps: number;
  readonly badPackets: number;
  readonly heals: number;
  /** Time from `joinRoom` to attached, ms. */
  readonly joinMs: number | undefined;
  /** Duration of the last healing, ms. */
  readonly lastHealMs: number | undefined;
  readonly logPackets: number;
  readonly logBytes: number;
  /** RTCPeerConnections made since the start, and open now. */
  readonly connectionsMade: number;
  readonly connectionsOpen: number;
}

/** At most so many messages, and so many bytes in them, texts counted as UTF-8. */
export interface HistoryLimit {
  readonly messages: number;
  readonly bytes: number;
}

export interface RoomOptions {
  /** Shown to others; at most 64 bytes of UTF-8, control and bidirectional characters are removed. */
  readonly name?: string;
  /** Clients served (k), 0 to 8; default 4, and 0 on phones. */
  readonly maxClients?: number;
  readonly role?: PeerRole;
  /** STUN and TURN servers; those that the root hands over unless told. `[]`: none, so within one network only. */
  readonly iceServers?: RTCIceServer[];
  /**
   * Connects by way of TURN only, so that other members do not learn this machine's address (the root and the TURN server do);
   * default false. Needs a TURN server here or at the root: without one a join ends with `connect-timeout`.
   */
  readonly hideAddress?: boolean;
  /** The owner's key, as `createOwnedRoom` gave it: this peer is the owner. One at a time: a later one takes its place. */
  readonly ownerKey?: string;
  /**
   * A key from `createIdentity` to come under again, so that a locked room knows this peer after a reload; a new one unless told.
   * One at a time, too.
   */
  readonly identity?: string;
  readonly signal?: AbortSignal;
  /**
   * How much of what was said before a newcomer wants to be told: all that the others' logs hold (`true`, the default), nothing, or the
   * newest of it. With a limit messages come once the past is complete, after 5 s at most.
   */
  readonly history?: boolean | HistoryLimit;
  /**
   * Bytes of others' files that this peer keeps at once; default 4 GiB on disk, 256 MiB where there is only memory (a page
   * over plain http, an old browser). A file beyond it is neither received nor carried.
   */
  readonly fileBytesMax?: number;
  /** Told each step of joining before `joinRoom` resolves, and each change of state after. */
  readonly onState?: (change: StateChange) => void;
}

/** What the room's owner ruled. In a room without an owner nothing is ever ruled. */
export interface Moderation {
  /** Id under which the owner is in the room, when it is; `undefined`: nobody owns this room. */
  readonly owner: NodeId | undefined;
  /** Whether this peer is the owner. */
  readonly mine: boolean;
  /** Only those may come who were here when it was locked, and those readmitted since. */
  readonly locked: boolean;
  /** Only the owner and `speakers` are heard. */
  readonly quiet: boolean;
  readonly speakers: ReadonlySet<NodeId>;
  readonly removed: ReadonlySet<NodeId>;
  /** Whether this peer is heard. */
  readonly maySpeak: boolean;
}

/** What the owner wants otherwise; the rest stays. */
export interface ModerationChange {
  readonly lock?: boolean;
  readonly quiet?: boolean;
  /** Takes the place of the earlier list; at most 100. */
  readonly speakers?: readonly NodeId[];
  /** Puts out; at most 350 are remembered. Who has the link can come again under another key unless the room is locked. */
  readonly remove?: readonly NodeId[];
  /** Removed no longer, and let into a locked room. */
  readonly readmit?: readonly NodeId[];
}

export interface SendOptions {
  /** Sealed to this member: all others carry it and can read neither it nor its channel. */
  readonly to?: NodeId;
  readonly channel?: string;
  /** The message that is answered; for text only. */
  readonly replyTo?: MessageId;
  readonly signal?: AbortSignal;
}

export interface FileOptions {
  /** One line, at most 200 bytes of UTF-8; the `File`'s own name, or `file`. */
  readonly name?: string;
  /** Media type, at most 100 bytes; the `Blob`'s own. */
  readonly type?: string;
  /** Bytes that a stream will give. Checked before and after; a `Blob` knows its own. */
  readonly size?: number;
  /** Sealed to this member, name and type too: everybody carries it, and sees its size and whom it is for. */
  readonly to?: NodeId;
  /** Aborting is `cancel()` with the error `aborted`, until `done` has settled. */
  readonly signal?: AbortSignal;
}

/** How far a file is, a snapshot. */
export interface FileProgress {
  /** Sender: bytes that have left for the neighbour that is furthest. Receiver: bytes that are here. */
  readonly bytes: number;
  /** 0 while a stream is still being read. */
  readonly size: number;
}

/** The same for its sender. */
export interface TransferProgress extends FileProgress {
  /**
   * Others that have the whole file, as they last reported, and others that are to have it: 0 of 0 while nobody else is there. They add
   * up along the tree, so the news is at most a second old for each level of it; neither is more than there are others.
   */
  readonly have: number;
  readonly of: number;
}

/** A file that this program sends. It is given to newcomers too until it is taken back, made room for others (32 files) or the room is left. */
export interface FileTransfer {
  /** `node:session:number`, unique within a room. */
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly to?: NodeId;
  readonly progress: TransferProgress;
  /** Why it ended, for a file that did not get through or is kept no longer. */
  readonly error: BanyanError | undefined;
  /**
   * Resolves when everybody has it who was in the room when it was announced and has stayed; never before somebody had it.
   * Where nobody else was, or all left before they had it, that is when those have it who come first. Rejects with
   * `cancelled`, `aborted`, `busy`, `left-room`, `file-unreadable`, `file-gone`, `storage`, `file-too-large` or `argument` (a
   * stream of another size than stated). Need not be handled. The file is still given to those who come later.
   */
  readonly done: Promise<void>;
  /** Told when `progress` or `error` changed, at most ten times a second. Gives the function that ends it. */
  onProgress(listener: (progress: TransferProgress) => void): () => void;
  /**
   * Takes the file back, before and after `done`: everybody stops, and lets go of what they have of it, but for programs that
   * have all of it and keep it (`accept()`). Who comes later does not get it. After `done` only `error` tells of it.
   */
  cancel(): void;
}

/** A file that somebody else sends. Its bytes come whether wanted or not: everybody carries them for others. */
export interface IncomingFile {
  /** `node:session:number`, unique within a room. */
  readonly id: string;
  readonly from: NodeId;
  /** As its sender says, made fit for a file system: no separators, control or bidirectional characters. */
  readonly name: string;
  /** As its sender says, may be empty. Never open it as a page of your own origin. */
  readonly type: string;
  readonly size: number;
  readonly to?: NodeId;
  /** The sender's clock, ms since 1970. */
  readonly sentAt: number;
  readonly progress: FileProgress;
  /** Why it will not come, or is here no longer. */
  readonly error: BanyanError | undefined;
  /**
   * Resolves with the file when all of it is here. The bytes lie where the room stores them: read or copy them before the
   * room is left. Rejects with `cancelled` (by its sender, or here), `file-gone` (its sender left before the end, or newer
   * files needed the room), `file-damaged`, `storage` or `left-room`. Need not be handled.
   */
  readonly done: Promise<Blob>;
  /** The file when all of it is here and kept, else `undefined`. */
  blob(): Blob | undefined;
  /** Keeps it: its bytes stay until the room is left, though others need room. Gives `done`. */
  accept(): Promise<Blob>;
  /** This program does not want it. It is still carried for others. */
  cancel(): void;
  /** Told when `progress` or `error` changed, at most ten times a second. Gives the function that ends it. */
  onProgress(listener: (progress: FileProgress) => void): () => void;
}

export interface RoomEvents {
  message: Message;
  /** An own message got further. */
  receipt: Receipt;
  typing: Typing;
  /** Somebody else announced a file. */
  file: IncomingFile;
  join: Member;
  leave: Member;
  member: Member;
  /** The owner ruled. */
  moderation: Moderation;
  state: StateChange;
  tree: TreeView;
  gap: Gap;
  packet: PacketTrace;
  error: BanyanError;
}

/** Why a call of the SDK failed. `code` is stable; `message` is for developers. */
export class BanyanError extends Error {
  readonly code: BanyanErrorCode;
  constructor(code: BanyanErrorCode, message: string) {
    super(message);
    this.name = 'BanyanError';
    this.code = code;
  }
}

export type BanyanErrorCode =
  | ReasonCode
  | 'link'
  | 'no-webrtc'
  | 'aborted'
  | 'argument'
  | 'busy'
  | 'left-room'
  | 'unknown-member'
  | 'root-unreachable'
  | 'cancelled'
  | 'storage'
  | 'file-too-large'
  | 'file-unreadable'
  | 'file-damaged'
  | 'file-gone'
  | 'not-owner'
  | 'may-not-speak';

/** A path that a reunion on demand took: from this peer up to the head, and whether the root itself answered. */
export interface Probe {
  readonly path: readonly NodeId[];
  readonly rootReachable: boolean;
  readonly tookMs: number;
}

export interface Room extends AsyncDisposable {
  readonly id: string;
  readonly link: string;
  readonly self: Member;
  readonly state: RoomState;
  readonly detail: JoinDetail;
  /** Whether the head reaches the root, as the last sweep said. */
  readonly rootReachable: boolean;
  readonly reason: ReasonCode | undefined;
  readonly members: ReadonlyMap<NodeId, Member>;
  readonly tree: TreeView;
  /**
   * Resolves when the message is signed and in this peer's log. Rejects with `busy`, `argument` or `left-room`; with
   * `may-not-speak` when the owner ruled that others speak; with
   * `unknown-member` when `to` has not been seen in the room; with `aborted` when the signal aborts before, though a message that is being signed then still goes out.
   */
  send(body: string | Uint8Array, options?: SendOptions): Promise<MessageId>;
  /**
   * Says that the user types, to be called at each key; `false` when the field is empty again. Others hear of it at most every
   * 2 s, and no more above 500 in the room. A message ends it by itself. It is not sealed to anybody: do not say it of a message
   * for one.
   */
  typing(active?: boolean, channel?: string): void;
  /**
   * Sends a file to everybody, by way of everybody. Throws `argument`, `file-too-large` (more than 2 GiB) or `left-room`. A
   * `Blob` is read as it goes, a stream is stored first.
   */
  sendFile(file: Blob | ReadableStream<Uint8Array>, options?: FileOptions): FileTransfer;
  /**
   * The messages from now on. Ends when the room is left or the signal aborts; a consumer with more than 10,000 messages
   * waiting gets those, and then the error `busy` instead of a silent loss.
   */
  messages(options?: { signal?: AbortSignal }): AsyncIterable<Message>;
  on<K extends keyof RoomEvents>(
    event: K,
    listener: (e: RoomEvents[K]) => void,
    options?: { signal?: AbortSignal },
  ): () => void;
  /** What the owner ruled, a snapshot. */
  readonly moderation: Moderation;
  /** The owner rules. Resolves when it is signed and on its way. Rejects with `not-owner`, `too-large`, `argument`, `left-room`. */
  moderate(change: ModerationChange): Promise<void>;
  /** Change the name that others see. */
  rename(name: string): Promise<void>;
  /**
   * Eight groups of five digits that this peer and a member both see when neither talks with somebody who only passes for the
   * other: to be compared by voice or side by side. Rejects with `argument` for oneself, `unknown-member` for who was not seen.
   */
  safetyTag(member: NodeId): Promise<string>;
  /** Ask the way to the root, hop by hop. */
  probe(): Promise<Probe>;
  stats(): RoomStats;
  /** Whether the page is a secure context; without it a slower crypto is used. True in Node. */
  readonly secureContext: boolean;
  /** The last 10,000 inputs of this peer's core with their times, or 8 MiB of packets, as JSON, for `npm run sim -- --replay FILE`. */
  journal(): string;
  /** Says LEAVE to the neighbours and the root; resolves when the links are closed. */
  leave(): Promise<void>;
}
