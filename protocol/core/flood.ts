/**
 * The flood: what this peer accepts goes into the log, and one cursor a link pumps the log to each tree neighbour.
 * Forwarding, back-pressure, history and repair are this one mechanism (rules L1 to L10, M1).
 */
import { gapWaitMs, heldPacketsMax } from '../limits.ts';
import { streamKey, type LinkId, type NodeId, type StreamKey } from '../types.ts';
import { messagesBody, type Message } from '../wire/bodies.ts';
import { passOn, type VerifiedPacket } from '../wire/packet.ts';
import type { Context } from './context.ts';
import type { Files } from './files.ts';
import { Forks } from './forks.ts';
import { Frontiers } from './frontiers.ts';
import { Holes } from './holes.ts';
import { Log } from './log.ts';
import type { LinkState, Links } from './links.ts';
import { Outbox } from './outbox.ts';
import { Streams, type StreamState } from './streams.ts';

/** Shortest time between two requests for the same missing packets, ms. */
const pullAgainMs = 1_000;
/** How often it is looked whether a missing packet can still be hoped for, ms. */
const hopePeriodMs = 250;

/** Told of each packet that was accepted, with its messages when the user was given it; `from` is its link, 0 for own. */
type Accepted = (
  key: StreamKey,
  packet: VerifiedPacket<'message'>,
  messages: readonly Message[] | undefined,
  from: LinkId,
) => void;

/** What is in a packet; nothing where its sender wrote what cannot be read. */
const messagesOf = (packet: VerifiedPacket<'message'>): readonly Message[] =>
  messagesBody.decode(packet.plainText ?? packet.body) ?? [];

export class Flood {
  readonly outbox: Outbox;
  readonly log: Log;
  readonly streams: Streams;
  readonly holes: Holes;
  readonly forks: Forks;
  readonly frontiers: Frontiers;
  readonly #ctx: Context;
  readonly #links: Links;
  readonly #files: Files;
  readonly #accepted: Accepted;
  #pulledAtMs = -Infinity;
  /** Whether packets behind a hole were let go. */
  #droppedHeld = false;

  constructor(
    ctx: Context,
    links: Links,
    files: Files,
    isDeparted: (node: NodeId) => boolean,
    isAnchored: () => boolean,
    accepted: Accepted,
  ) {
    this.#ctx = ctx;
    this.#links = links;
    this.#files = files;
    this.#accepted = accepted;
    this.streams = new Streams(isDeparted);
    this.forks = new Forks(ctx, links, this.streams);
    this.holes = new Holes(ctx, links, this.streams, isAnchored);
    this.log = new Log(ctx.options.logPacketsMax, ctx.options.logBytesMax);
    this.outbox = new Outbox(ctx);
    this.frontiers = new Frontiers(ctx, links, this, (link) => {
      this.#pump(link);
    });
  }

  // Own messages: outbox -> seal -> log.

  sealed(packet: VerifiedPacket<'message'>): void {
    this.outbox.sealed();
    const key = streamKey(packet.senderId, packet.header.session);
    const state = this.streams.open(key, 1, this.#ctx.nowMs);
    if (state) this.#accept(state, { ...packet, hops: 0 }, 0);
    this.pumpAll();
    this.outbox.flush();
  }

  // Others' messages: link -> order -> log.

  receive(link: LinkState, packet: VerifiedPacket<'message'>): void {
    const { nowMs, counters } = this.#ctx;
    counters.messagesIn++;
    link.lastMessageMs = nowMs;
    const key = streamKey(packet.senderId, packet.header.session);
    const { seq } = packet.header;
    // An earlier session under the same key is a stream like any other.
    const isOwn = packet.senderId === this.#ctx.self && packet.header.session === this.#ctx.factory.session;
    if (seq === 0 || isOwn || this.forks.evidence(link, key, packet) || this.forks.isBanned(key)) return;
    const state = this.streams.open(key, this.frontiers.synced ? 1 : seq, nowMs);
    if (state === undefined || this.forks.check(state, packet)) return;
    if (seq < state.next) {
      counters.duplicates++;
      if (this.#ctx.disabled('dedup')) this.#deliver(packet, messagesOf(packet), false);
      return;
    }
    if (seq > state.next) {
      // Sent oldest first: a neighbour that is past the hole it promised to fill has it no longer, or it was lost on the way.
      if (this.holes.isPromised(link, state)) {
        link.promised?.delete(key);
        link.answeredAskMs = -Infinity;
      }
      this.#hold(state, packet, link);
      return;
    }
    this.#accept(state, packet, link.id);
    this.#drainHeld(state);
    this.pumpAll();
  }

  #accept(state: StreamState, packet: VerifiedPacket<'message'>, from: LinkId): void {
    const { nowMs, self } = this.#ctx;
    this.streams.advance(state, packet.header.seq + 1, nowMs);
    // Its plain text is shown now and never again.
    const { plainText: _plainText, ...kept } = passOn(packet, self);
    state.logged.set(packet.header.seq, kept);
    this.log.append(state.key, kept, from, nowMs, this.#evicted);
    // What may not be said is carried all the same, so that no stream has a hole (rule O4).
    const maySpeak = packet.senderId === self || this.#ctx.rules.maySpeak(packet.senderId);
    const messages = maySpeak ? messagesOf(packet) : undefined;
    const isPast = packet.header.seq < state.pastUntil;
    const isShown = !isPast || this.#ctx.options.history;
    if (messages && isShown) this.#deliver(packet, messages, isPast);
    this.#accepted(state.key, packet, isShown ? messages : undefined, from);
    // Files of before are carried for others, too (rule L6).
    if (messages) this.#files.announced(packet, messages, from, isShown);
  }

  readonly #evicted = (entry: { readonly key: StreamKey; readonly packet: VerifiedPacket<'message'> }): void => {
    const state = this.streams.get(entry.key);
    if (state === undefined) return;
    state.logged.delete(entry.packet.header.seq);
    state.oldest = Math.max(state.oldest, entry.packet.header.seq + 1);
  };

  /** Gives a packet to the user. */
  #deliver(packet: VerifiedPacket<'message'>, messages: readonly Message[], isPast: boolean): void {
    this.#ctx.counters.delivered++;
    this.#ctx.emit({ kind: 'deliver', packet, messages, isPast });
  }

  #hold(state: StreamState, packet: VerifiedPacket<'message'>, from: LinkState): void {
    if (this.streams.heldPackets >= heldPacketsMax) {
      // Not kept, so not had: it is asked for again, when it is next or once no hole is left.
      from.overflowed = true;
      this.#droppedHeld = true;
      return;
    }
    state.held ??= new Map();
    if (!this.streams.waiting.has(state)) {
      state.missingSinceMs = this.#ctx.nowMs;
      this.streams.waiting.add(state);
    }
    if (!state.held.has(packet.header.seq)) {
      state.held.set(packet.header.seq, { packet, from: from.id });
      this.streams.heldPackets++;
    }
    this.#pullMissing();
  }

  #drainHeld(state: StreamState): void {
    if (!this.streams.waiting.has(state)) return;
    while (state.held) {
      const held = state.held.get(state.next);
      if (held === undefined) break;
      state.held.delete(state.next);
      this.streams.heldPackets--;
      this.#accept(state, held.packet, held.from);
    }
    if (state.held && state.held.size > 0) {
      for (const seq of state.held.keys()) {
        if (seq < state.next) {
          state.held.delete(seq);
          this.streams.heldPackets--;
        }
      }
    }
    if (state.held?.size === 0) state.held = undefined;
    if (state.held || state.ahead > state.next) state.missingSinceMs = this.#ctx.nowMs;
    else this.streams.waiting.delete(state);
  }

  /**
   * Declares what is missing lost, once, and goes on behind it (rule L7), over the holes further on that nobody can fill
   * either.
   */
  #giveUp(state: StreamState): void {
    do this.#skipHole(state);
    while (this.streams.waiting.has(state) && !this.holes.isHopeful(state));
    this.pumpAll();
  }

  #skipHole(state: StreamState): void {
    const first = this.holes.nextHad(state);
    if (first <= state.next) {
      this.#drainHeld(state);
      return;
    }
    const from = this.#ctx.options.history ? state.next : Math.max(state.next, state.pastUntil);
    if (from < first) {
      this.#ctx.counters.gaps++;
      this.#ctx.emit({ kind: 'gap', sender: state.sender, session: state.session, from, to: first - 1 });
    }
    this.streams.advance(state, first, this.#ctx.nowMs);
    // The log has a hole there: nobody may be promised what is in it.
    state.oldest = first;
    // Those who hang behind this peer learn of the hole by what follows it, or else by its frontier.
    if (state.held === undefined) for (const link of this.#links.tree()) link.fellBehind = true;
    this.#drainHeld(state);
  }

  /** Asks every neighbour, backups included, for what it has that this peer lacks; not those who are at it already. */
  #pullMissing(): void {
    if (this.#ctx.nowMs - this.#pulledAtMs < pullAgainMs) return;
    this.#pulledAtMs = this.#ctx.nowMs;
    for (const link of this.#links.all())
      if (link.phase === 'open' && this.holes.isWorthAsking(link)) this.frontiers.pull(link);
  }

  /** The first position that this peer lacks of what a neighbour says it has up to `seq`; `undefined` when nothing is owed. */
  lacks(key: StreamKey, seq: number): number | undefined {
    if (!this.frontiers.synced || this.forks.isBanned(key)) return undefined;
    const next = this.streams.get(key)?.next ?? (this.streams.isForgotten(key) ? Infinity : 1);
    return next <= seq ? next : undefined;
  }

  /** Whether everything in the log was sent on a link that carries it, or came from there. */
  isCaughtUp(link: LinkState): boolean {
    return link.cursor === this.log.end;
  }

  /** Sends a presence packet on, to all tree neighbours but the one it came by. */
  forwardPresence(packet: VerifiedPacket<'presence'>, from: LinkId): void {
    for (const link of this.#links.tree()) {
      if (link.id !== from && link.cursor !== undefined) this.#links.send(link, passOn(packet, this.#ctx.self));
    }
  }

  // Cursors.

  pumpAll(): void {
    for (const link of this.#links.all()) if (link.cursor !== undefined) this.#pump(link);
  }

  drained(link: LinkState, bytes: number): void {
    this.#links.drained(link, bytes);
    this.#pump(link);
  }

  #pump(link: LinkState): void {
    if (link.cursor === undefined) return;
    // A cursor that fell out of the log goes on at its oldest packet; the far end sees the hole (rule L8), by what follows
    // or, for streams of which nothing follows, by this end's frontier.
    if (link.cursor < this.log.start) {
      link.cursor = this.log.start;
      link.fellBehind = true;
    }
    while (!this.#links.isFull(link)) {
      const entry = this.log.at(link.cursor);
      if (entry === undefined || (link.cursorStop !== undefined && link.cursor >= link.cursorStop)) {
        link.theirs = undefined;
        if (link.fellBehind) {
          link.fellBehind = false;
          this.frontiers.pull(link);
        }
        if (link.cursorStop !== undefined) link.cursor = link.cursorStop = undefined;
        return;
      }
      link.cursor++;
      if (entry.from === link.id || this.forks.isBanned(entry.key)) continue;
      const has = link.theirs?.get(entry.key);
      if (has !== undefined && entry.packet.header.seq < has.next) continue;
      this.#links.send(link, entry.packet);
    }
  }

  // Time.

  dueMs(): number {
    let due = this.outbox.dueMs();
    for (const state of this.streams.waiting) {
      const giveUpMs = Math.max(state.missingSinceMs + gapWaitMs, this.#ctx.nowMs + hopePeriodMs);
      due = Math.min(due, giveUpMs, Math.max(this.#ctx.nowMs + 1, this.#pulledAtMs + pullAgainMs));
    }
    return due;
  }

  timer(): void {
    const { nowMs } = this.#ctx;
    for (const state of [...this.streams.waiting]) {
      if (nowMs - state.missingSinceMs >= gapWaitMs && !this.holes.isHopeful(state)) this.#giveUp(state);
    }
    if (this.streams.waiting.size > 0) {
      this.#pullMissing();
    } else if (this.#droppedHeld) {
      this.#droppedHeld = false;
      for (const link of this.#links.all()) if (link.phase === 'open') this.frontiers.pull(link);
    }
    this.outbox.flush();
  }
}
