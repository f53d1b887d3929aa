/**
 * Healing: what happens when the parent or the way to the root is gone. Only the neighbour of a failure moves, its
 * subtree stays with it; a warm backup comes first, then the root (rules H1, H4 to H10, U2).
 */
import type { LinkReason } from '../errors.ts';
import { backupDelayMs, backupRetryMs, healingHoldMs, rescueTimeoutMs } from '../limits.ts';
import { noNode, type NodeId } from '../types.ts';
import type { HelloBody } from '../wire/bodies.ts';
import type { Attach } from './attach.ts';
import type { Context } from './context.ts';
import type { Flood } from './flood.ts';
import type { LinkState, Links } from './links.ts';
import type { Position } from './position.ts';

/** How long an orphan without backup and without root waits before it heads its own subtree, ms. */
const standAloneAfterMs = 5_000;

export interface HealingEvents {
  /** Neither a backup nor the root can be reached: head one's own subtree until the root is back (rule U2). */
  standAlone(): void;
}

export class Healing {
  readonly #ctx: Context;
  readonly #links: Links;
  readonly #position: Position;
  readonly #flood: Flood;
  readonly #attach: Attach;
  readonly #events: HealingEvents;
  #rescueDueMs = Infinity;
  #standAloneAtMs = Infinity;
  #lostParent: NodeId = noNode;
  #lostReason: LinkReason = 'none';

  constructor(ctx: Context, links: Links, position: Position, flood: Flood, attach: Attach, events: HealingEvents) {
    this.#ctx = ctx;
    this.#links = links;
    this.#position = position;
    this.#flood = flood;
    this.#attach = attach;
    this.#events = events;
  }

  /** The parent is gone, or this peer is head no longer. */
  orphaned(parent: NodeId, reason: LinkReason): void {
    const position = this.#position;
    const { nowMs } = this.#ctx;
    position.head = false;
    position.setPath([]);
    position.orphanedAtMs ??= nowMs;
    this.#lostParent = parent;
    this.#lostReason = reason;
    position.setState('healing', reason);
    this.#tellClients(this.#ctx.self);
    this.#standAloneAtMs = nowMs + standAloneAfterMs;
    // A voluntary move that is half done is the quickest way out.
    const backup = this.#links.backup();
    if (backup && this.#isRescue(backup)) this.#askRescue(backup);
    else this.#askRoot();
  }

  /** Whether a backup may become the parent: no circle can come of it, as last heard (rule H7). */
  #isRescue(backup: LinkState): boolean {
    const clients = this.#links.clients();
    if (backup.remoteParent === this.#ctx.self || clients.some((client) => client.remote === backup.remote))
      return false;
    return backup.remoteDepth === 255 || this.#suits(backup, this.#position.lastDepth);
  }

  /**
   * A backup nearer to the head, or any for a peer without clients; clients of the head back up to one another at equal
   * depth, in the root's order, which has no circles.
   */
  #suits(backup: LinkState, depth: number): boolean {
    return (
      backup.remoteDepth < depth || (depth === 2 && backup.remoteDepth === 2) || this.#links.clients().length === 0
    );
  }

  #askRescue(backup: LinkState): void {
    const { nowMs, factory } = this.#ctx;
    this.#rescueDueMs = nowMs + rescueTimeoutMs;
    this.#links.send(backup, factory.newHello(this.helloBody(backup, 'parent'), 'promote'));
  }

  /** What this peer says first on a link it wants something of. */
  helloBody(link: LinkState, role: HelloBody['role']): HelloBody {
    // Each attempt has its own epoch, so that a later one outranks what an earlier one left behind (rule M5).
    if (role === 'parent') this.#position.attachEpoch++;
    return {
      ticket: link.ticket,
      role,
      binding: link.binding.length === 32 ? link.binding : new Uint8Array(32),
      frontierDigest: this.#flood.frontiers.markHello(link),
      attachEpoch: this.#position.attachEpoch,
      newcomer: !this.#flood.frontiers.synced,
      order: this.#ctx.rules.version,
    };
  }

  #askRoot(): void {
    this.#rescueDueMs = Infinity;
    this.#attach.want(this.#lostParent, this.#lostReason);
  }

  /** The backup answered a promotion with a refusal, or not in time. */
  rescueFailed(): void {
    const backup = this.#links.backup();
    if (backup) this.#links.close(backup, 'refused-full');
    this.#rescueDueMs = Infinity;
    if (this.isOrphan) this.#askRoot();
  }

  get isOrphan(): boolean {
    return this.#links.parent() === undefined && !this.#position.head && this.#position.everAttached;
  }

  /** There is a parent again: the search ends; the healing ends when the path is confirmed. */
  reattached(): void {
    this.#rescueDueMs = Infinity;
    this.#standAloneAtMs = Infinity;
    this.#attach.satisfied();
  }

  /** The path is confirmed. */
  anchored(): void {
    const position = this.#position;
    this.#standAloneAtMs = Infinity;
    if (position.orphanedAtMs !== undefined) {
      this.#ctx.counters.heals++;
      this.#ctx.counters.lastHealMs = this.#ctx.nowMs - position.orphanedAtMs;
      position.orphanedAtMs = undefined;
    }
    position.everAttached = true;
    position.setState('attached');
    this.wantBackup();
  }

  /** Keep a backup warm, unless there is one or this peer is the head. */
  wantBackup(delayMs = backupDelayMs): void {
    if (this.#position.head || this.#links.backup() || this.#links.candidate('backup')) return;
    this.#attach.wantBackup(delayMs + this.#ctx.jitterMs(delayMs));
  }

  backupFailed(): void {
    this.wantBackup(backupRetryMs);
  }

  /** Drops a backup that would no longer be a rescue. */
  judgeBackup(): void {
    const backup = this.#links.backup();
    const { anchored, depth } = this.#position;
    if (!backup || !anchored || backup.remoteDepth === 255) return;
    const isParent = this.#links.parent()?.remote === backup.remote;
    if (isParent || !this.#suits(backup, depth)) {
      this.#links.close(backup, 'moved');
      this.wantBackup();
    }
  }

  // HEALING.

  #tellClients(orphan: NodeId): void {
    for (const client of this.#links.clients()) this.#links.send(client, this.#ctx.factory.newHealing(orphan));
  }

  /** Tells one new client that the path above is being mended. */
  tell(client: LinkState): void {
    this.#links.send(client, this.#ctx.factory.newHealing(this.#position.healingFor ?? this.#ctx.self));
  }

  /** The parent says that the path is being mended: hold still, and pass it on (rule H5). Returns false for a circle. */
  heard(orphan: NodeId): boolean {
    const position = this.#position;
    if (orphan === this.#ctx.self) return false;
    // Passed on once: in a circle it would go round for ever.
    if (position.healingFor === orphan && this.#ctx.nowMs < position.healingUntilMs) return true;
    position.healingFor = orphan;
    position.healingUntilMs = this.#ctx.nowMs + healingHoldMs;
    position.setPath([]);
    this.#tellClients(orphan);
    return true;
  }

  // Time.

  dueMs(): number {
    return Math.min(this.#rescueDueMs, this.#standAloneAtMs);
  }

  timer(): void {
    const { nowMs } = this.#ctx;
    if (nowMs >= this.#rescueDueMs) this.rescueFailed();
    if (nowMs >= this.#standAloneAtMs) {
      this.#standAloneAtMs = nowMs + standAloneAfterMs;
      if (this.isOrphan && !this.#attach.registered) this.#events.standAlone();
    }
  }
}
