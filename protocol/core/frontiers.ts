/**
 * Frontiers: what the two ends of a new link lack of each other, and where the streams of a newcomer begin (rules L4, L5, L6). What is
 * lacked is then sent by the cursor, as everything is.
 */
import { streamKey, type StreamKey } from '../types.ts';
import { frontierEntriesMax, type FrontierBody, type FrontierEntry } from '../wire/bodies.ts';
import { passOn } from '../wire/packet.ts';
import type { Context } from './context.ts';
import type { Forks } from './forks.ts';
import type { Holes } from './holes.ts';
import { isTreeLink, type LinkState, type Links } from './links.ts';
import type { Log } from './log.ts';
import type { Streams } from './streams.ts';

/** What a peer has, as the flood keeps it. */
interface Had {
  readonly log: Log;
  readonly streams: Streams;
  readonly holes: Holes;
  readonly forks: Forks;
}

export class Frontiers {
  readonly #ctx: Context;
  readonly #links: Links;
  readonly #flood: Had;
  readonly #pump: (link: LinkState) => void;
  #synced = false;
  #hasCaughtUp = false;

  constructor(ctx: Context, links: Links, flood: Had, pump: (link: LinkState) => void) {
    this.#ctx = ctx;
    this.#links = links;
    this.#flood = flood;
    this.#pump = pump;
  }

  /** Whether baselines were taken: from then on unknown streams start at 1 (rule L6). */
  get synced(): boolean {
    return this.#synced;
  }

  /** Takes what is here as the baseline. */
  sync(): void {
    this.#synced = true;
  }

  /** Says once that what was said before this peer came is here, as far as it can be had. */
  tellCaughtUp(): void {
    if (this.#hasCaughtUp || !this.#synced || this.#flood.streams.catchingUp.size > 0) return;
    this.#hasCaughtUp = true;
    this.#ctx.emit({ kind: 'caughtUp' });
  }

  /** Notes the moment of a hello's digest, so that equal digests mean equal logs from here on. */
  markHello(link: LinkState): number {
    link.helloEnd = this.#flood.log.end;
    link.helloDigest = this.#flood.streams.digest;
    return link.helloDigest;
  }

  /** A tree link opened: nothing to do when both ends have the same, else frontiers first (rule L4). */
  startLink(link: LinkState, theirDigest: number): void {
    this.#flood.forks.introduce(link);
    const frontierOff = this.#ctx.disabled('frontier');
    // The initiator's digest is a round trip old: presence that came meanwhile is only told by a new one.
    const same =
      theirDigest === link.helloDigest && (!link.initiator || this.#flood.streams.digest === link.helloDigest);
    if (same || frontierOff) {
      this.sync();
      link.cursor = frontierOff ? this.#flood.log.end : link.helloEnd;
      this.#pump(link);
    } else if (link.initiator) {
      this.pull(link);
    }
  }

  /** Packets on this link are known to be lost: whatever was answered before, ask. */
  lost(link: LinkState): void {
    link.answeredAskMs = -Infinity;
    this.pull(link);
  }

  /** "This is all I have, send what I lack." */
  pull(link: LinkState): void {
    const entries = this.#flood.streams.frontier();
    link.overflowed = false;
    link.askedAtMs = this.#ctx.nowMs;
    link.asked = new Map(entries.map((entry) => [streamKey(entry.sender, entry.session), entry]));
    this.#sendFrontier(link, entries, 'pull');
  }

  #sendFrontier(link: LinkState, entries: readonly FrontierEntry[], action: 'pull' | 'response'): void {
    for (let at = 0; at === 0 || at < entries.length; at += frontierEntriesMax) {
      const last = at + frontierEntriesMax >= entries.length;
      const part = entries.slice(at, at + frontierEntriesMax);
      this.#links.send(
        link,
        this.#ctx.factory.newFrontier({ last, order: this.#ctx.rules.version, entries: part }, action),
      );
    }
  }

  receive(link: LinkState, body: FrontierBody, action: 'pull' | 'response'): void {
    link.arriving ??= new Map();
    for (const entry of body.entries) {
      const key = streamKey(entry.sender, entry.session);
      if (link.arriving.size < 3 * 4096 && !this.#flood.forks.isBanned(key)) link.arriving.set(key, entry);
    }
    if (!body.last) return;
    const said = link.arriving;
    link.arriving = undefined;
    if (this.#synced) this.#flood.holes.noteAhead(said);
    if (action === 'pull') {
      this.#flood.forks.introduce(link);
      // Whoever asks says what it has, and sends what this peer lacks of it once it has the answer.
      link.promised = said;
      link.askedAtMs = this.#ctx.nowMs;
      this.#sendFrontier(link, this.#flood.streams.differences(said), 'response');
      this.#startFrom(link, said);
    } else {
      this.#takeBaselines(said);
      link.promised = said;
      link.answeredAskMs = link.askedAtMs;
      // What they did not mention they have just as this end had it when it asked.
      const theirs = link.asked ?? new Map<StreamKey, FrontierEntry>();
      link.asked = undefined;
      for (const [key, entry] of said) theirs.set(key, entry);
      this.#startFrom(link, theirs);
    }
  }

  /** Puts the cursor back to the oldest packet and sends from there what the far end lacks. */
  #startFrom(link: LinkState, theirs: Map<StreamKey, FrontierEntry>): void {
    link.theirs = theirs;
    link.cursor = this.#flood.log.start;
    link.cursorStop = isTreeLink(link) ? undefined : this.#flood.log.end;
    for (const state of this.#flood.streams.values()) {
      const has = theirs.get(state.key)?.presence ?? 0;
      if (state.presence && state.presence.header.seq > has)
        this.#links.send(link, passOn(state.presence, this.#ctx.self));
    }
    this.#pump(link);
  }

  #takeBaselines(said: ReadonlyMap<StreamKey, FrontierEntry>): void {
    if (this.#synced) return;
    for (const [key, entry] of said) {
      if (entry.next === 0) continue;
      // What a client of this peer brought before is being shown already, and goes on.
      const isNew = this.#flood.streams.get(key) === undefined;
      const state = this.#flood.streams.open(key, Math.max(1, entry.oldest), this.#ctx.nowMs);
      if (state === undefined || !isNew) continue;
      state.pastUntil = entry.next;
      if (state.next < entry.next) this.#flood.streams.catchingUp.add(state);
    }
    this.sync();
  }
}
