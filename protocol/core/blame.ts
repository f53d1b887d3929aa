/**
 * What a parent says that it sent, and did not: the only thing for which a peer blames another, because it can check it by
 * itself (rule K5). A link keeps its order, so what an audit says was sent came before the audit, or never.
 */
import { auditPeriodMs, droppedLifeMs, droppedRounds } from '../limits.ts';
import { streamKey, type LinkId, type StreamKey } from '../types.ts';
import type { AuditEntry } from '../wire/bodies/audit.ts';
import type { Context } from './context.ts';
import type { Flood } from './flood.ts';
import type { LinkState } from './links.ts';

/** What is lost on the way is asked for at every neighbour at once: who answers within this long did not get around anybody, ms. */
const repairMs = 1_000;
/** How long after it was asked a parent still may bring what it said it had sent, ms. */
const owedMs = auditPeriodMs / 2;
/** Shortest time between two judgements, ms: timers are early or late at times. */
const roundMs = auditPeriodMs * 0.8;
/** How long a link on which this end left something out is not judged, ms. */
const excusedMs = 2 * auditPeriodMs;

export class Blame {
  readonly #ctx: Context;
  readonly #flood: Flood;
  readonly #dropped: (parent: LinkState) => void;
  /** The parent's link that is judged. */
  #link: LinkId = 0;
  /** What it said it had sent and this peer lacked, and when it said so first, ms. */
  readonly #owed = new Map<StreamKey, { readonly seq: number; readonly atMs: number }>();
  /** Whether something that was owed came by another way since the last judgement. */
  #wentAround = false;
  /** When rounds ended in which the parent did not bring what it owed, ms. */
  #rounds: number[] = [];
  #judgedAtMs = -Infinity;
  #excusedUntilMs = -Infinity;

  /** `dropped`: the parent kept something back again and again. */
  constructor(ctx: Context, flood: Flood, dropped: (parent: LinkState) => void) {
    this.#ctx = ctx;
    this.#flood = flood;
    this.#dropped = dropped;
  }

  /** This end left something out that came on a link: what is lacking may be that (rule S12). */
  leftOut(link: LinkId): void {
    if (link === this.#link) this.#excusedUntilMs = this.#ctx.nowMs + excusedMs;
  }

  /** A packet was accepted, from the parent or from somebody else. */
  accepted(key: StreamKey, seq: number, from: LinkId): void {
    const owed = this.#owed.get(key);
    if (owed === undefined || seq < owed.seq) return;
    this.#owed.delete(key);
    if (from !== this.#link && this.#ctx.nowMs - owed.atMs >= repairMs) this.#wentAround = true;
  }

  /** The parent says that it sent all of this on its link. */
  stated(link: LinkState, entries: readonly AuditEntry[]): void {
    if (link.id !== this.#link) this.#startOver(link.id);
    this.#judgeRound(link);
    let isNew = false;
    for (const { sender, session, seq } of entries) {
      const key = streamKey(sender, session);
      const next = this.#flood.lacks(key, seq);
      if (next === undefined || this.#owed.get(key)?.seq === next) continue;
      this.#owed.set(key, { seq: next, atMs: this.#ctx.nowMs });
      isNew = true;
    }
    // What was lost on the way comes now.
    if (isNew) this.#flood.frontiers.lost(link);
  }

  #startOver(link: LinkId): void {
    this.#link = link;
    this.#owed.clear();
    this.#wentAround = false;
    this.#rounds = [];
    this.#judgedAtMs = this.#excusedUntilMs = -Infinity;
  }

  /** Once a round: whether there is something that the parent was asked for and did not bring. */
  #judgeRound(link: LinkState): void {
    const { nowMs } = this.#ctx;
    if (nowMs - this.#judgedAtMs < roundMs) return;
    this.#judgedAtMs = nowMs;
    let isBad = this.#wentAround;
    this.#wentAround = false;
    for (const [key, { atMs }] of this.#owed) {
      if (nowMs - atMs < owedMs) continue;
      this.#owed.delete(key);
      isBad = true;
    }
    if (!isBad || nowMs < this.#excusedUntilMs) return;
    this.#rounds = [...this.#rounds.filter((atMs) => nowMs - atMs < droppedLifeMs), nowMs];
    if (this.#rounds.length < droppedRounds) return;
    this.#rounds = [];
    this.#dropped(link);
  }
}
