/**
 * The audit: neighbours compare the newest packets of what was said lately, every few seconds. Over the backup, which hangs in
 * another branch, it finds the fork of a sender that stands between them, and what a parent keeps back (rules K3, K4). What a
 * parent says it sent is another matter (rule K5).
 */
import { auditEntriesMax, auditPeriodMs } from '../limits.ts';
import { streamKey, type LinkId, type StreamKey } from '../types.ts';
import type { AuditBody, AuditEntry } from '../wire/bodies/audit.ts';
import { Blame } from './blame.ts';
import type { Context } from './context.ts';
import type { Flood } from './flood.ts';
import { isTreeLink, type LinkState, type Links } from './links.ts';
import type { StreamState } from './streams.ts';

/** A stream is told of in this many rounds after its last packet: one to notice what is missing, one to be sure. */
const roundsTold = 2;
/** How long something that a backup has may be on its way by the tree, ms. */
const waitMs = auditPeriodMs / 2;
/** How soon a peer tells of what it had to get around its parent, ms: what comes together is told together. */
const passedSoonMs = 200;

interface Lacking {
  /** The first position that is lacking, and when it is asked for, ms. */
  readonly seq: number;
  readonly askAtMs: number;
  /** Backups that said they have it: one of them may not give it. */
  readonly links: Set<LinkId>;
}

export class Audit {
  readonly blame: Blame;
  readonly #ctx: Context;
  readonly #links: Links;
  readonly #flood: Flood;
  /** What this peer lacks of a stream and a backup has. */
  readonly #lacking = new Map<StreamKey, Lacking>();
  #dueMs = Infinity;
  #askDueMs = Infinity;

  /** `dropped`: the parent kept something back again and again (rule K5). */
  constructor(ctx: Context, links: Links, flood: Flood, dropped: (parent: LinkState) => void) {
    this.#ctx = ctx;
    this.#links = links;
    this.#flood = flood;
    this.blame = new Blame(ctx, flood, dropped);
  }

  /** Something was accepted: a round follows. Where nobody says anything there are none. */
  accepted(key: StreamKey, seq: number, from: LinkId): void {
    this.blame.accepted(key, seq, from);
    if (this.#ctx.disabled('audit')) return;
    const link = this.#links.get(from);
    const isAround = link !== undefined && !isTreeLink(link);
    // What did not come by the tree here is lacking elsewhere, too.
    const waitsMs = isAround ? passedSoonMs : auditPeriodMs;
    this.#dueMs = Math.min(this.#dueMs, this.#ctx.nowMs + waitsMs);
  }

  receive(link: LinkState, { isSent, entries }: AuditBody): void {
    this.#flood.forks.compare(link, entries);
    if (!isTreeLink(link)) this.#compare(link, entries);
    else if (link.role === 'parent' && isSent) this.blame.stated(link, entries);
  }

  /** Notes what a backup has that has not come by the tree (rule K4). */
  #compare(link: LinkState, entries: readonly AuditEntry[]): void {
    for (const { sender, session, seq } of entries) {
      const key = streamKey(sender, session);
      const next = this.#flood.lacks(key, seq);
      // Another backup may have it, though this one does not.
      if (next === undefined) continue;
      const known = this.#lacking.get(key);
      if (known?.seq === next) known.links.add(link.id);
      else this.#lacking.set(key, { seq: next, askAtMs: this.#ctx.nowMs + waitMs, links: new Set([link.id]) });
    }
    this.#setAskDue();
  }

  #setAskDue(): void {
    this.#askDueMs = Math.min(Infinity, ...[...this.#lacking.values()].map(({ askAtMs }) => askAtMs));
  }

  /** Asks the backups for what they have had for long, and that still has not come (rule K4). */
  #ask(): void {
    const asked = new Set<LinkId>();
    for (const [key, { seq, askAtMs, links }] of this.#lacking) {
      if (this.#ctx.nowMs < askAtMs) continue;
      this.#lacking.delete(key);
      if (this.#flood.lacks(key, seq) !== seq) continue;
      for (const link of links) asked.add(link);
    }
    for (const id of asked) {
      const link = this.#links.get(id);
      if (link?.phase === 'open') this.#flood.frontiers.pull(link);
    }
    this.#setAskDue();
  }

  dueMs(): number {
    return Math.min(this.#dueMs, this.#askDueMs);
  }

  timer(): void {
    const { nowMs } = this.#ctx;
    if (nowMs >= this.#askDueMs) this.#ask();
    if (nowMs < this.#dueMs) return;
    const entries = this.#recent();
    this.#dueMs = entries.length > 0 ? nowMs + auditPeriodMs : Infinity;
    if (entries.length === 0) return;
    for (const link of this.#links.all()) {
      if (link.phase !== 'open') continue;
      const isSent = isTreeLink(link) && this.#flood.isCaughtUp(link);
      this.#links.send(link, this.#ctx.factory.newAudit({ isSent, entries }));
    }
  }

  /** The streams of which something came lately: of those who are here before those of others, who may be invented. */
  #recent(): AuditEntry[] {
    // Half a round more: timers are late at times.
    const sinceMs = this.#ctx.nowMs - (roundsTold + 0.5) * auditPeriodMs;
    const here: StreamState[] = [];
    const others: StreamState[] = [];
    for (const state of this.#flood.streams.values()) {
      if (state.lastMs <= sinceMs || state.next <= 1) continue;
      (this.#flood.streams.isDeparted(state.sender) ? others : here).push(state);
    }
    const newest = (a: StreamState, b: StreamState): number => b.lastMs - a.lastMs;
    const entries: AuditEntry[] = [];
    for (const { sender, session, next, logged } of [...here.sort(newest), ...others.sort(newest)]) {
      const digest = logged.get(next - 1)?.digest;
      if (digest !== undefined) entries.push({ sender, session, seq: next - 1, digest });
      if (entries.length === auditEntriesMax) break;
    }
    return entries;
  }
}
