/**
 * Holes: what a stream waits for, and whether somebody may still have it (rules L3, L7). Judges only; the flood asks, and
 * gives up.
 */
import { connectTimeoutMs, gapWaitMs, pingPeriodMs } from '../limits.ts';
import type { StreamKey } from '../types.ts';
import type { FrontierEntry } from '../wire/bodies.ts';
import type { Context } from './context.ts';
import { isTreeLink, type LinkState, type Links } from './links.ts';
import type { Streams, StreamState } from './streams.ts';

/** How long an orphan keeps hoping for a parent that fills a hole, ms. */
const orphanPatienceMs = 60_000;
/** How long a neighbour's answer, and what it promised, is waited for on a slow link, ms. */
const promiseLifeMs = 20_000;
/** How long the answer of a backup holds, ms: unlike a tree neighbour it does not send what comes later. */
const backupAnswerLifeMs = 1_500;
/** Silence that no live link keeps: a ping's period, and the jitter of a slow one, ms. */
const quietLinkMs = pingPeriodMs + 1_000;
/** Between two packets of a client that has more to send, on a slow link, ms. */
const busyMs = 1_000;
/** How far behind a neighbour on a slow link may be, ms: a full log over the narrowest link that is served. */
const lagMaxMs = 600_000;
/** How long what a lost neighbour had may take to come by another way, ms: one attempt of its that fails, and one that does not. */
const elsewhereMs = connectTimeoutMs + gapWaitMs;

export class Holes {
  readonly #ctx: Context;
  readonly #links: Links;
  readonly #streams: Streams;
  readonly #isAnchored: () => boolean;
  /** When the last tree link ended, ms. */
  #linkLostAtMs = -Infinity;

  constructor(ctx: Context, links: Links, streams: Streams, isAnchored: () => boolean) {
    this.#ctx = ctx;
    this.#links = links;
    this.#streams = streams;
    this.#isAnchored = isAnchored;
  }

  /** A tree link ended: who had the rest of a stream may send it by another way once it hangs there. */
  linkLost(): void {
    this.#linkLostAtMs = this.#ctx.nowMs;
  }

  /** A neighbour is further, and its log no longer holds what this peer lacks: a hole, though nothing may follow it. */
  noteAhead(entries: ReadonlyMap<StreamKey, FrontierEntry>): void {
    for (const [key, entry] of entries) {
      if (entry.next <= 1 || entry.oldest <= 1) continue;
      // A stream of which nothing was heard starts at 1 (rule L6): what it said meanwhile is missing too.
      const state = this.#streams.open(key, 1, this.#ctx.nowMs);
      if (state === undefined || entry.next <= state.next || entry.oldest <= state.next) continue;
      state.ahead = Math.max(state.ahead, entry.next);
      if (this.#streams.waiting.has(state)) continue;
      state.missingSinceMs = this.#ctx.nowMs;
      this.#streams.waiting.add(state);
    }
  }

  /** The first position behind a hole that is here or that a neighbour has. */
  nextHad(state: StreamState): number {
    let first = Math.min(state.ahead > state.next ? state.ahead : Infinity, ...(state.held?.keys() ?? []));
    for (const link of this.#links.all()) {
      const said = link.promised?.get(state.key);
      if (said !== undefined && said.oldest > state.next && said.oldest < said.next)
        first = Math.min(first, said.oldest);
    }
    return first === Infinity ? state.next : first;
  }

  /**
   * Whether a request may bring something. A tree neighbour that has said it has nothing for a hole sends what fills it when
   * it gets it: asking again only brings again what is held already, which is more than a slow link can carry.
   */
  isWorthAsking(link: LinkState): boolean {
    const isSlow = !this.#isAtIt(link);
    if (link.asked !== undefined && !isSlow) return false;
    const hasSent = isSlow || (link.overflowed && this.#ctx.nowMs - link.lastMessageMs >= busyMs);
    for (const state of this.#streams.waiting) {
      if (this.isPromised(link, state) ? hasSent : !this.#hasAnswered(link, state)) return true;
    }
    return false;
  }

  /** Whether this neighbour said it has what a stream waits for. */
  isPromised(link: LinkState, state: StreamState): boolean {
    const promise = link.promised?.get(state.key);
    return promise !== undefined && promise.oldest <= state.next && state.next < promise.next;
  }

  /** Whether an answer, or what was promised in it, may still come: a slow neighbour that is busy sending has not come to it yet. */
  #isAtIt(link: LinkState): boolean {
    return this.#ctx.nowMs - Math.max(link.askedAtMs, link.lastMessageMs) < promiseLifeMs;
  }

  /** Whether what a stream waits for has left this neighbour's log: logs only move on, so it need not be asked again. */
  #isPast(link: LinkState, state: StreamState): boolean {
    const said = link.promised?.get(state.key);
    return said !== undefined && said.next > state.next && said.oldest > state.next;
  }

  /** Whether a neighbour has answered a request that was made when a stream waited already. A backup's answer grows old. */
  #hasAnswered(link: LinkState, state: StreamState): boolean {
    if (this.#isPast(link, state)) return true;
    const sinceMs = isTreeLink(link)
      ? state.missingSinceMs
      : Math.max(state.missingSinceMs, this.#ctx.nowMs - backupAnswerLifeMs);
    return link.answeredAskMs >= sinceMs;
  }

  /** Whether somebody may still fill a hole: a neighbour that has not answered yet, or that promised it. */
  isHopeful(state: StreamState): boolean {
    const { nowMs } = this.#ctx;
    const missingMs = nowMs - state.missingSinceMs;
    // Without a parent there will be one, and it has what this peer lacks.
    if (!this.#isAnchored() && missingMs < orphanPatienceMs) return true;
    if (missingMs < orphanPatienceMs && this.#links.tree().some((link) => this.#isLagging(link, state))) return true;
    if (nowMs - this.#linkLostAtMs < elsewhereMs && missingMs < orphanPatienceMs) return true;
    for (const link of this.#links.all()) {
      if (link.phase !== 'open' || this.#isPast(link, state)) continue;
      if (nowMs - link.openedAtMs < gapWaitMs) return true;
      // A link from which nothing comes may be dead: what hangs there is decided by rule H3, not here.
      if (nowMs - link.lastHeardMs >= quietLinkMs) return true;
      if (this.#isAtIt(link) && missingMs < lagMaxMs && this.isPromised(link, state)) return true;
      if (missingMs < promiseLifeMs && !this.#hasAnswered(link, state)) return true;
    }
    return false;
  }

  /** Whether a neighbour is busy sending and has not come to the hole yet: what others are past, it may still get and send. */
  #isLagging(link: LinkState, state: StreamState): boolean {
    if (this.#ctx.nowMs - link.lastMessageMs >= (link.role === 'parent' ? gapWaitMs : busyMs)) return false;
    if (this.#isPast(link, state)) return false;
    for (const held of state.held?.values() ?? []) if (held.from === link.id) return false;
    return true;
  }
}
