/**
 * Receipts: how many peers were given what somebody said. Each peer adds up what hangs behind it, seen from the sender,
 * and tells the neighbour on the sender's side: one small packet an edge for whatever was said in half a second, and none
 * that crosses the room for each receiver (rules T1 to T5). Nothing here delays or orders a message.
 */
import {
  receiptBackMs,
  receiptEntriesMax,
  receiptFallMs,
  receiptKeepMs,
  receiptPeriodMs,
  receiptPeriodPerPeerMs,
  receiptStreamsMax,
  receiptToldMs,
  receiptWaitMs,
  receiptWaitPerLevelMs,
  receiptWindow,
} from '../limits.ts';
import { noNode, streamKey, type LinkId, type NodeId, type SessionId, type StreamKey } from '../types.ts';
import type { Message } from '../wire/bodies.ts';
import type { VerifiedPacket } from '../wire/packet.ts';
import type { ReceiptEntry, ReceiptRun } from '../wire/bodies/talk.ts';
import type { Context } from './context.ts';
import { isTreeLink, type LinkState, type Links } from './links.ts';
import type { Picture } from './picture.ts';
import { TreeWatch } from './tree-watch.ts';

/** What is known of one stream in which something was said lately. */
interface Tracked {
  readonly sender: NodeId;
  readonly session: SessionId;
  /** The newest position that was accepted here. */
  top: number;
  /** Bit i: `top - i` was given to this peer's user. */
  given: number;
  lastMs: number;
  /** What each neighbour last said of its side. */
  readonly sides: Map<LinkId, ReceiptEntry>;
  /** Where it was last told, and what. */
  toldTo: LinkId;
  told: string;
}

/** One of the own packets. */
interface Own {
  readonly atMs: number;
  /** What the user is told, the last count, and when that was. */
  reached: number;
  count: number;
  countMs: number;
  /** How much longer the count was less than what the user is told than it was not, ms. */
  lessMs: number;
  /** What the user was told before the count fell; and since when the count is up to that again, ms. */
  fellFrom: number;
  backSinceMs: number | undefined;
  told: string;
}

const countMax = 0xffff;

function newOwn(nowMs: number): Own {
  const nothing = { reached: 0, count: 0, lessMs: 0, fellFrom: 0, backSinceMs: undefined, told: '' };
  return { atMs: nowMs, countMs: nowMs, ...nothing };
}

/** Equal neighbours put together. */
function runsOf(counts: readonly number[]): ReceiptRun[] {
  const runs: { length: number; count: number }[] = [];
  for (const count of counts) {
    const last = runs.at(-1);
    if (last?.count === count) last.length++;
    else runs.push({ length: 1, count });
  }
  return runs;
}

export class Receipts {
  readonly #ctx: Context;
  readonly #links: Links;
  readonly #picture: Picture;
  /** Levels of peers below this one. */
  readonly #height: () => number;
  /** By the time of the last packet, oldest first. */
  readonly #streams = new Map<StreamKey, Tracked>();
  readonly #own = new Map<number, Own>();
  #dueMs = Infinity;
  #reportedMs = -Infinity;
  readonly #watch: TreeWatch;

  constructor(ctx: Context, links: Links, picture: Picture, height: () => number) {
    this.#ctx = ctx;
    this.#links = links;
    this.#picture = picture;
    this.#height = height;
    this.#watch = new TreeWatch(links, picture);
  }

  /** A packet was accepted, and given to the user where `messages` is not `undefined`; `from` is 0 for own ones. */
  accepted(
    key: StreamKey,
    packet: VerifiedPacket<'message'>,
    messages: readonly Message[] | undefined,
    from: LinkId,
  ): void {
    if (this.#picture.size === undefined) return;
    const { senderId: sender } = packet;
    const { session, seq } = packet.header;
    const { nowMs, self } = this.#ctx;
    const state = this.#streams.get(key) ?? this.#track(sender, session);
    this.#streams.delete(key);
    this.#streams.set(key, state);
    const shift = seq - state.top;
    if (shift > 0) {
      state.given = shift >= 32 ? 0 : state.given << shift;
      state.top = seq;
    }
    // A packet for one counts where it is for, if it can be read there: others only carry it.
    const isGiven =
      messages?.some(({ content, to }) => to === noNode || (to === self && content !== 'sealed')) === true;
    const age = state.top - seq;
    if (isGiven && age < receiptWindow) state.given |= 1 << age;
    state.lastMs = nowMs;
    if (from === 0) this.#own.set(seq, newOwn(nowMs));
    for (const [mine] of this.#own) {
      if (this.#own.size <= receiptWindow) break;
      this.#own.delete(mine);
    }
    this.#soon();
  }

  #track(sender: NodeId, session: SessionId): Tracked {
    for (const key of this.#streams.keys()) {
      if (this.#streams.size < receiptStreamsMax) break;
      this.#streams.delete(key);
    }
    return { sender, session, top: 0, given: 0, lastMs: 0, sides: new Map(), toldTo: 0, told: '' };
  }

  /** A neighbour's report. It may be ahead of this peer, that was not given anything of a stream yet. */
  receive(link: LinkState, entries: readonly ReceiptEntry[]): void {
    if (!isTreeLink(link)) return;
    for (const entry of entries) {
      const { sender, session, top } = entry;
      const key = streamKey(sender, session);
      let state = this.#streams.get(key);
      if (state === undefined) {
        state = { ...this.#track(sender, session), top, lastMs: this.#ctx.nowMs };
        this.#streams.set(key, state);
      }
      state.sides.set(link.id, entry);
    }
    this.#soon();
  }

  /** A link is new, or lost packets: it is told everything again (rule T4). */
  introduce(link: LinkState): void {
    for (const state of this.#streams.values()) if (state.toldTo === link.id) state.told = '';
    if (this.#streams.size > 0) this.#soon();
  }

  /** Waits for what comes from below, and for the period of the edge. */
  #soon(): void {
    if (this.#dueMs < Infinity) return;
    const periodMs = receiptPeriodMs + receiptPeriodPerPeerMs * (this.#picture.size ?? 0);
    const waitMs = Math.min(receiptPeriodMs, receiptWaitMs + receiptWaitPerLevelMs * this.#height());
    this.#dueMs = Math.max(this.#ctx.nowMs + waitMs, this.#reportedMs + periodMs);
  }

  dueMs(): number {
    return this.#dueMs;
  }

  timer(): void {
    if (this.#streams.size > 0 && this.#watch.changed()) this.#soon();
    if (this.#ctx.nowMs < this.#dueMs) return;
    this.#dueMs = Infinity;
    this.#reportedMs = this.#ctx.nowMs;
    this.#report();
  }

  #report(): void {
    const others = (this.#picture.size ?? 0) - 1;
    if (others < 0) return;
    const reports = new Map<LinkState, ReceiptEntry[]>();
    for (const [key, state] of this.#streams) {
      if (this.#ctx.nowMs - state.lastMs > receiptKeepMs) {
        this.#streams.delete(key);
        continue;
      }
      const { sender, session, top } = state;
      if (sender === this.#ctx.self) {
        if (session === this.#ctx.factory.session) this.#tellUser(state, others);
        continue;
      }
      const link = this.#picture.towards(sender);
      if (link === undefined) continue;
      const runs = runsOf(this.#sum(state, link.id, true));
      const told = `${top} ${runs.map(({ length, count }) => `${length}x${count}`).join()}`;
      if (state.toldTo === link.id && state.told === told) continue;
      state.toldTo = link.id;
      state.told = told;
      const entries = reports.get(link) ?? [];
      if (entries.length === 0) reports.set(link, entries);
      entries.push({ sender, session, top, runs });
    }
    for (const [link, entries] of reports) {
      for (let at = 0; at < entries.length; at += receiptEntriesMax) {
        this.#links.send(link, this.#ctx.factory.newReceipts(entries.slice(at, at + receiptEntriesMax)));
      }
    }
  }

  /** For `top` and each position below it, how many peers were given it here and on all sides but one. */
  #sum(state: Tracked, except: LinkId, withSelf: boolean): number[] {
    const { top, given } = state;
    const counts = Array.from({ length: Math.min(top, receiptWindow) }, (_, age) =>
      withSelf ? (given >>> age) & 1 : 0,
    );
    for (const [link, entry] of state.sides) {
      if (link === except) continue;
      if (this.#links.get(link) === undefined) {
        state.sides.delete(link);
        continue;
      }
      // A side may be ahead of this peer, or behind.
      let age = top - entry.top;
      for (const { length, count } of entry.runs) {
        for (const end = age + length; age < end; age++) {
          const sum = counts[age];
          if (sum !== undefined) counts[age] = Math.min(countMax, sum + count);
        }
      }
    }
    return counts;
  }

  /**
   * The count without what moves do to it: a subtree on its way to another place is missing for a moment, or counted at both. So
   * a count rises at once, falls when it was less for most of a while, and rises again to what it fell from when it stays there.
   */
  #settled(own: Own, count: number): number {
    const { nowMs } = this.#ctx;
    const sinceMs = nowMs - own.countMs;
    own.lessMs = Math.max(0, own.lessMs + (own.count < own.reached ? sinceMs : -sinceMs));
    own.count = count;
    own.countMs = nowMs;
    if (count <= own.reached) own.backSinceMs = undefined;
    else if (count <= own.fellFrom) own.backSinceMs ??= nowMs;
    const isBack = own.backSinceMs === undefined || nowMs - own.backSinceMs >= receiptBackMs;
    const isBelieved = count < own.reached ? own.lessMs >= receiptFallMs : isBack;
    if (!isBelieved) {
      this.#soon();
    } else if (count !== own.reached) {
      own.fellFrom = count < own.reached ? own.reached : 0;
      own.reached = count;
      own.lessMs = 0;
      own.backSinceMs = undefined;
    }
    return own.reached;
  }

  #tellUser(state: Tracked, others: number): void {
    const counts = this.#sum(state, 0, false);
    const receipts: { seq: number; reached: number }[] = [];
    counts.forEach((count, age) => {
      const own = this.#own.get(state.top - age);
      if (own === undefined || this.#ctx.nowMs - own.atMs > receiptToldMs) return;
      // What is said of others is not signed: no more than there are.
      const reached = Math.min(this.#settled(own, count), others);
      const told = `${reached}/${others}`;
      if (told === own.told) return;
      own.told = told;
      receipts.push({ seq: state.top - age, reached });
    });
    if (receipts.length > 0) this.#ctx.emit({ kind: 'receipts', session: state.session, of: others, receipts });
  }
}
