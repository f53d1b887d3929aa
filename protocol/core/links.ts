/** The table of links: their phases, their counters, their pings, and when one is dead (rules H2, H3, H13, L5). */
import type { LinkReason } from '../errors.ts';
import {
  connectTimeoutMs,
  helloTimeoutMs,
  linkDeadAfterMs,
  linkWindowBytes,
  linkWindowFirstBytes,
  linkWindowMinBytes,
  linkWindowMs,
  pingPeriodMs,
} from '../limits.ts';
import { noNode, noTicket, type LinkId, type LinkRole, type NodeId, type StreamKey, type TicketId } from '../types.ts';
import type { FoldBody, FrontierEntry, PingBody, Purpose } from '../wire/bodies.ts';
import { packetSize, packetTypes, type Packet, type VerifiedPacket } from '../wire/packet.ts';
import type { Context } from './context.ts';

export interface LinkState {
  readonly id: LinkId;
  readonly remote: NodeId;
  readonly initiator: boolean;
  readonly purpose: Purpose;
  readonly ticket: TicketId;
  /** connecting: no channel yet; hello: channel, not yet accepted; open: it has a role. */
  phase: 'connecting' | 'hello' | 'open';
  role: LinkRole | undefined;
  binding: Uint8Array;
  /** When the current phase must have ended, ms. */
  deadlineMs: number;
  openedAtMs: number;

  sent: number;
  received: number;
  lastHeardMs: number;
  /** When the last message packet came, ms. */
  lastMessageMs: number;
  lastPingMs: number;
  /**
   * The oldest packet not yet known to have arrived: its number, the bytes that were in the channel's buffer before it, and
   * when it was sent or the last of these left. On a slow link a full window alone takes longer than a dead link may live.
   */
  probe: { readonly packet: number; readonly aheadBytes: number; readonly atMs: number } | undefined;
  lastPing: { readonly sentAt: number; readonly atMs: number } | undefined;
  rttMs: number | undefined;
  /** Packets known to be lost, so that one loss is repaired once. */
  lostKnown: number;
  remoteDepth: number;
  /** Attach epoch that a client named in its hello. */
  remoteEpoch: number;
  remoteParent: NodeId;

  /** Bytes in the channel's buffer. */
  queuedBytes: number;
  /** Bytes that may be there before the log waits: as much as leaves in `linkWindowMs`. */
  windowBytes: number;
  /** Since when the log waits for the window, and what has left it since; `undefined` when it does not wait. */
  blocked: { readonly atMs: number; bytes: number } | undefined;
  /** Position in the log of the next packet to send here; `undefined` while the log is not sent on this link. */
  cursor: number | undefined;
  /** Where sending from the log stops again, on links that do not carry it for good. */
  cursorStop: number | undefined;
  /** Whether the cursor had to leave packets out, and the far end does not know yet. */
  fellBehind: boolean;
  /** What the far end had when it last said so; forgotten when the cursor has caught up. */
  theirs: Map<StreamKey, FrontierEntry> | undefined;
  /** What this end had when it last asked, until the answer comes: it tells only what differs from that. */
  asked: Map<StreamKey, FrontierEntry> | undefined;
  askedAtMs: number;
  /** When the newest answered request was made, ms: the answer tells of every hole that was known then. */
  answeredAskMs: number;
  /** What the far end said it has and this end lacked: on its way here. */
  promised: Map<StreamKey, FrontierEntry> | undefined;
  /** Packets of it came that could not be held: what was promised has come, and is lacking still. */
  overflowed: boolean;
  /** Half a proof of a fork that was announced, and is arriving. */
  evidence: { readonly key: StreamKey; readonly first: VerifiedPacket<'message'> | undefined } | undefined;
  /** Entries of a frontier that is still arriving. */
  arriving: Map<StreamKey, FrontierEntry> | undefined;
  /** Position of the log's end when the hello's digest was taken. */
  helloEnd: number;
  helloDigest: number;

  fold: FoldBody | undefined;
  edgesDirty: Set<NodeId> | undefined;
  /** Pings in a row that told of another picture. */
  edgesDiffer: number;
  badPackets: number;
}

/** Whether a link is an edge of the tree: it carries the log for good, a backup does not. */
export function isTreeLink(link: Pick<LinkState, 'role'>): boolean {
  return link.role === 'parent' || link.role === 'client';
}

/** Round trips from here on are a clock's mistake, ms. */
const rttMsMax = 60_000;
/** Pings that may be missed before silence is judged after a sleep. */
const graceAfterSleepMs = 2 * pingPeriodMs;

export class Links {
  readonly #ctx: Context;
  readonly #byId = new Map<LinkId, LinkState>();
  #nextId = 1;
  /** Links that ended so far: whoever keeps something for each looks whether this grew. */
  ended = 0;

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  get(id: LinkId): LinkState | undefined {
    return this.#byId.get(id);
  }

  all(): IterableIterator<LinkState> {
    return this.#byId.values();
  }

  withRole(role: LinkRole): LinkState[] {
    const found: LinkState[] = [];
    for (const link of this.#byId.values()) if (link.role === role) found.push(link);
    return found;
  }

  parent(): LinkState | undefined {
    for (const link of this.#byId.values()) if (link.role === 'parent') return link;
    return undefined;
  }

  backup(): LinkState | undefined {
    for (const link of this.#byId.values()) if (link.role === 'backupOut') return link;
    return undefined;
  }

  clients(): LinkState[] {
    return this.withRole('client');
  }

  /** Tree links: parent and clients. */
  tree(): LinkState[] {
    const found: LinkState[] = [];
    for (const link of this.#byId.values()) if (isTreeLink(link)) found.push(link);
    return found;
  }

  byTicket(ticket: TicketId): LinkState | undefined {
    if (ticket === noTicket) return undefined;
    for (const link of this.#byId.values()) if (link.ticket === ticket) return link;
    return undefined;
  }

  /** The link being made for one of these purposes by this end. */
  candidate(...purposes: Purpose[]): LinkState | undefined {
    for (const link of this.#byId.values()) {
      if (link.initiator && link.phase !== 'open' && purposes.includes(link.purpose)) return link;
    }
    return undefined;
  }

  /** Asks the shell for a connection (rule A7: only ever after an assignment or an expect). */
  open(remote: NodeId, initiator: boolean, purpose: Purpose, ticket: TicketId): LinkState {
    const { nowMs } = this.#ctx;
    const link: LinkState = {
      id: this.#nextId++,
      remote,
      initiator,
      purpose,
      ticket,
      phase: 'connecting',
      role: undefined,
      binding: new Uint8Array(0),
      deadlineMs: nowMs + connectTimeoutMs,
      openedAtMs: nowMs,
      sent: 0,
      received: 0,
      lastHeardMs: nowMs,
      lastMessageMs: -Infinity,
      lastPingMs: nowMs,
      probe: undefined,
      lastPing: undefined,
      rttMs: undefined,
      lostKnown: 0,
      remoteDepth: 255,
      remoteEpoch: 0,
      remoteParent: noNode,
      queuedBytes: 0,
      windowBytes: linkWindowFirstBytes,
      blocked: undefined,
      cursor: undefined,
      cursorStop: undefined,
      fellBehind: false,
      theirs: undefined,
      asked: undefined,
      askedAtMs: 0,
      answeredAskMs: -Infinity,
      promised: undefined,
      overflowed: false,
      evidence: undefined,
      arriving: undefined,
      helloEnd: 0,
      helloDigest: 0,
      fold: undefined,
      edgesDirty: undefined,
      edgesDiffer: 0,
      badPackets: 0,
    };
    this.#byId.set(link.id, link);
    this.#ctx.emit({ kind: 'openLink', link: link.id, remote, initiator });
    return link;
  }

  /** The channel is there: the hello must follow in time. */
  up(link: LinkState, binding: Uint8Array): void {
    const { nowMs } = this.#ctx;
    link.phase = 'hello';
    link.binding = binding;
    link.deadlineMs = nowMs + helloTimeoutMs;
    link.lastHeardMs = nowMs;
    link.lastPingMs = nowMs;
  }

  accept(link: LinkState, role: LinkRole): void {
    link.phase = 'open';
    link.role = role;
    link.openedAtMs = this.#ctx.nowMs;
    this.#ctx.treeChanged();
  }

  /** Forgets a link and tells the shell to close it. */
  close(link: LinkState, reason: LinkReason): void {
    if (!this.#byId.delete(link.id)) return;
    this.ended++;
    this.#ctx.emit({ kind: 'closeLink', link: link.id, reason });
    this.#ctx.treeChanged();
  }

  /** Forgets a link that the shell says is closed. */
  forget(link: LinkState): void {
    if (this.#byId.delete(link.id)) this.ended++;
    this.#ctx.treeChanged();
  }

  send(link: LinkState, packet: Packet): void {
    const { nowMs } = this.#ctx;
    link.sent++;
    link.probe ??= { packet: link.sent, aheadBytes: link.queuedBytes, atMs: nowMs };
    link.queuedBytes += packetSize(packet);
    if (packet.header.type === 'reunion') this.#ctx.counters.reunionsOut++;
    this.#ctx.emit({ kind: 'send', link: link.id, packet });
  }

  /** Bytes have left the channel's buffer: what waits behind them is not late yet. */
  drained(link: LinkState, bytes: number): void {
    link.queuedBytes = Math.max(0, link.queuedBytes - bytes);
    this.#fitWindow(link, bytes);
    const { probe } = link;
    if (probe === undefined || probe.aheadBytes <= 0) return;
    link.probe = { packet: probe.packet, aheadBytes: probe.aheadBytes - bytes, atMs: this.#ctx.nowMs };
  }

  /** Whether the log must wait before it sends more on this link. */
  isFull(link: LinkState): boolean {
    if (link.queuedBytes < link.windowBytes) return false;
    link.blocked ??= { atMs: this.#ctx.nowMs, bytes: 0 };
    return true;
  }

  /** While the log waits, what leaves shows how fast the link is: pings must not stand behind seconds of messages. */
  #fitWindow(link: LinkState, bytes: number): void {
    const { blocked } = link;
    if (blocked === undefined) return;
    blocked.bytes += bytes;
    const tookMs = this.#ctx.nowMs - blocked.atMs;
    const fits = tookMs > 0 ? (blocked.bytes / tookMs) * linkWindowMs : Infinity;
    link.windowBytes = Math.max(linkWindowMinBytes, Math.min(linkWindowBytes, 2 * link.windowBytes, Math.floor(fits)));
    if (link.queuedBytes < link.windowBytes) link.blocked = undefined;
  }

  /** Counts a packet that arrived, whatever becomes of it. */
  heard(link: LinkState): void {
    link.received++;
    link.lastHeardMs = this.#ctx.nowMs;
  }

  ping(link: LinkState, depth: number, parent: NodeId, edgesDigest: number): void {
    const { nowMs } = this.#ctx;
    link.lastPingMs = nowMs;
    const body: PingBody = {
      sentAt: nowMs >>> 0,
      echo: link.lastPing?.sentAt ?? 0,
      echoAgeMs: link.lastPing === undefined ? 0 : Math.max(0, Math.round(nowMs - link.lastPing.atMs)),
      received: link.received,
      sent: link.sent,
      depth,
      parent,
      edgesDigest,
    };
    this.send(link, this.#ctx.factory.newPing(body));
  }

  /** Takes a ping in. Returns how many packets before it were lost on the way and not yet repaired. */
  pinged(link: LinkState, ping: PingBody): number {
    const { nowMs } = this.#ctx;
    if (ping.echo !== 0) {
      // Ages are rounded: on a fast link the sum may come out just below zero.
      const rttMs = Math.max(0, (((nowMs >>> 0) - ping.echo) >>> 0) - ping.echoAgeMs);
      if (rttMs < rttMsMax) link.rttMs = link.rttMs === undefined ? rttMs : link.rttMs * 0.75 + rttMs * 0.25;
    }
    link.lastPing = { sentAt: ping.sentAt, atMs: nowMs };
    if (link.probe !== undefined && ping.received >= link.probe.packet) {
      // What was sent after the probe is younger; watch the newest of it from now on.
      link.probe =
        link.sent > ping.received ? { packet: link.sent, aheadBytes: link.queuedBytes, atMs: nowMs } : undefined;
    }
    link.remoteDepth = ping.depth;
    link.remoteParent = ping.parent;
    if (this.#ctx.disabled('watermark')) return 0;
    // `received` counts this ping; `sent` was taken before it.
    const lost = ping.sent - (link.received - 1) - link.lostKnown;
    if (lost > 0) link.lostKnown += lost;
    return Math.max(0, lost);
  }

  /** When what was sent is overdue, ms: what the far end says of it is a round trip old, which behind a window is long. */
  #oneWayMs(link: LinkState): number {
    return link.probe === undefined ? Infinity : link.probe.atMs + linkDeadAfterMs + (link.rttMs ?? 0);
  }

  /** Why a link must end now, if it must. */
  verdict(link: LinkState): LinkReason | undefined {
    const { nowMs } = this.#ctx;
    if (link.phase === 'connecting') return nowMs >= link.deadlineMs ? 'connect-timeout' : undefined;
    if (link.phase === 'hello') return nowMs >= link.deadlineMs ? 'hello-timeout' : undefined;
    if (nowMs - link.lastHeardMs >= linkDeadAfterMs) return 'silent';
    const oneWay = nowMs >= this.#oneWayMs(link);
    return oneWay && !this.#ctx.disabled('both-directions') ? 'one-way' : undefined;
  }

  /** When this link next needs a look, ms. */
  dueMs(link: LinkState): number {
    if (link.phase !== 'open') return link.deadlineMs;
    const deadMs = link.lastHeardMs + linkDeadAfterMs;
    const oneWayDueMs = this.#ctx.disabled('both-directions') ? Infinity : this.#oneWayMs(link);
    return Math.min(link.lastPingMs + pingPeriodMs, deadMs, oneWayDueMs);
  }

  /** After a sleep nothing could be heard or acknowledged: every link gets time for one more ping (rule H13). */
  afterSleep(): void {
    const { nowMs } = this.#ctx;
    const sinceMs = nowMs - linkDeadAfterMs + graceAfterSleepMs;
    for (const link of this.#byId.values()) {
      link.lastHeardMs = Math.max(link.lastHeardMs, sinceMs);
      if (link.probe !== undefined) link.probe = { ...link.probe, atMs: Math.max(link.probe.atMs, sinceMs) };
      link.lastPingMs = Math.min(link.lastPingMs, nowMs - pingPeriodMs);
    }
  }

  /** Whether a packet type may be taken on a link in this phase. */
  mayReceive(link: LinkState, packet: Packet): boolean {
    if (packetTypes[packet.header.type].scope === 'root') return false;
    return link.phase === 'open' || (link.phase === 'hello' && packet.header.type === 'hello');
  }
}
