/**
 * The audit: neighbours compare the newest packets of what was said lately, every few seconds. Over the backup, which hangs in
 * another branch, it finds the fork of a sender that stands between them, and what a parent keeps back (rules K3, K4).
 */
import { auditEntriesMax, auditPeriodMs } from '../limits.ts';
import { streamKey, type StreamKey } from '../types.ts';
import type { AuditEntry } from '../wire/audit-body.ts';
import type { Context } from './context.ts';
import type { Flood } from './flood.ts';
import { isTreeLink, type LinkState, type Links } from './links.ts';
import type { StreamState } from './streams.ts';

/** A stream is told of in this many rounds after its last packet: one to notice what is missing, one to be sure. */
const roundsTold = 2;

export class Audit {
  readonly #ctx: Context;
  readonly #links: Links;
  readonly #flood: Flood;
  /** The first position that this peer lacked of a stream when a backup had it, and since when, ms. */
  readonly #lacking = new Map<StreamKey, { readonly seq: number; readonly atMs: number }>();
  #dueMs = Infinity;

  constructor(ctx: Context, links: Links, flood: Flood) {
    this.#ctx = ctx;
    this.#links = links;
    this.#flood = flood;
  }

  /** Something was accepted: a round follows. Where nobody says anything there are none. */
  accepted(): void {
    if (this.#dueMs === Infinity) this.#dueMs = this.#ctx.nowMs + auditPeriodMs;
  }

  receive(link: LinkState, entries: readonly AuditEntry[]): void {
    this.#flood.forks.compare(link, entries);
    if (!isTreeLink(link) && this.#lacksForLong(entries)) this.#flood.pull(link);
  }

  /** Whether a backup had, a round ago already, something that still has not come by the tree (rule K4). */
  #lacksForLong(entries: readonly AuditEntry[]): boolean {
    const { nowMs } = this.#ctx;
    let isLong = false;
    for (const { sender, session, seq } of entries) {
      const key = streamKey(sender, session);
      const next = this.#flood.streams.get(key)?.next ?? 1;
      if (next > seq || !this.#flood.synced || this.#flood.forks.isBanned(key)) {
        this.#lacking.delete(key);
        continue;
      }
      const known = this.#lacking.get(key);
      if (known?.seq !== next) this.#lacking.set(key, { seq: next, atMs: nowMs });
      else if (nowMs - known.atMs >= auditPeriodMs / 2) isLong = true;
    }
    return isLong;
  }

  dueMs(): number {
    return this.#dueMs;
  }

  timer(): void {
    const { nowMs } = this.#ctx;
    if (nowMs < this.#dueMs) return;
    for (const [key, { atMs }] of this.#lacking)
      if (nowMs - atMs > 2 * roundsTold * auditPeriodMs) this.#lacking.delete(key);
    const recent = this.#recent();
    this.#dueMs = recent.length > 0 ? nowMs + auditPeriodMs : Infinity;
    if (recent.length === 0) return;
    const packet = this.#ctx.factory.newAudit(recent);
    for (const link of this.#links.all()) if (link.phase === 'open') this.#links.send(link, packet);
  }

  #recent(): AuditEntry[] {
    // Half a round more: timers are late at times.
    const sinceMs = this.#ctx.nowMs - (roundsTold + 0.5) * auditPeriodMs;
    const recent: StreamState[] = [];
    for (const state of this.#flood.streams.values()) if (state.lastMs > sinceMs && state.next > 1) recent.push(state);
    recent.sort((a, b) => b.lastMs - a.lastMs);
    const entries: AuditEntry[] = [];
    for (const { sender, session, next, logged } of recent) {
      const digest = logged.get(next - 1)?.digest;
      if (digest !== undefined) entries.push({ sender, session, seq: next - 1, digest });
      if (entries.length === auditEntriesMax) break;
    }
    return entries;
  }
}
