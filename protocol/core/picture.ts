/**
 * The picture: who hangs where and who is in the room. Edges travel along the tree as they change and merge by newest
 * attach epoch, so nobody asks the root and the picture stays true while it is away (rules M5, M6).
 */
import { edgesFlushMs, edgeTombstoneMs, fullPictureMax, pathNodesMax } from '../limits.ts';
import { streamKey, type LinkId, type NodeId, type SessionId } from '../types.ts';
import { edgesMax, presenceBody, type Edge, type PresenceBody } from '../wire/bodies.ts';
import { hashText, mixHash } from '../wire/bytes.ts';
import type { VerifiedPacket } from '../wire/packet.ts';
import type { Context } from './context.ts';
import type { Flood } from './flood.ts';
import type { LinkState, Links } from './links.ts';

interface KnownEdge extends Edge {
  readonly atMs: number;
  /** Its part of the digest. */
  readonly hash: number;
}

/** Pings in a row with another digest after which two neighbours tell each other everything. */
const differPingsMax = 2;

function hashOf(edge: Edge): number {
  return edge.gone ? 0 : mixHash(mixHash(hashText(edge.client), hashText(edge.parent)), edge.attachEpoch);
}

/** How long a peer whose chain to the head is broken stays in the picture, ms. */
const brokenChainMs = 30_000;
/** The same for a head that is head no longer: nobody above it could report it gone. */
const formerHeadMs = 8_000;
/** How long a room has been small before the whole picture is gathered again, ms. */
const smallRoomMs = 20_000;
/** Time between two searches for such peers, ms. */
const tidyPeriodMs = 5_000;

export class Picture {
  readonly #ctx: Context;
  readonly #links: Links;
  readonly #edges = new Map<NodeId, KnownEdge>();
  readonly #presence = new Map<NodeId, { readonly session: SessionId; readonly body: PresenceBody }>();
  /** Members announced to the user and not yet declared absent. */
  readonly #announced = new Set<NodeId>();
  readonly #brokenSince = new Map<NodeId, number>();
  /** Called when others hold this peer for gone, with the epoch they name. */
  readonly #refute: (epoch: number) => void;
  #digest = 0;
  /** Edges whose client lives. */
  #living = 0;
  /** What `edges()` gave last, while it holds. */
  #shown: ReadonlyMap<NodeId, NodeId> | undefined;
  #flushAtMs = Infinity;
  #tidyAtMs = 0;
  #full = true;
  /** When somebody came last of whom nothing was known, ms. */
  #grewAtMs = -Infinity;
  /** Since when a picture that is not whole could be, ms. */
  #smallSinceMs = Infinity;

  constructor(ctx: Context, links: Links, refute: (epoch: number) => void) {
    this.#ctx = ctx;
    this.#links = links;
    this.#refute = refute;
  }

  /** Sum over all living edges; 0 when the picture is not whole. */
  get digest(): number {
    return this.#full ? this.#digest : 0;
  }

  /** A neighbour's digest: when it keeps differing, something got lost between us (rule M5). */
  compare(link: LinkState, theirs: number): void {
    const isSettled = this.#flushAtMs === Infinity && link.edgesDirty === undefined;
    const differs = theirs !== 0 && this.#full && isSettled && theirs !== this.#digest;
    link.edgesDiffer = differs ? link.edgesDiffer + 1 : 0;
    if (link.edgesDiffer < differPingsMax) return;
    link.edgesDiffer = 0;
    this.introduce(link);
  }

  #store(edge: KnownEdge): void {
    const known = this.#edges.get(edge.client);
    if (known === undefined && !edge.gone) this.#grewAtMs = this.#ctx.nowMs;
    this.#digest = (this.#digest - (known?.hash ?? 0) + edge.hash) >>> 0;
    this.#living += (edge.gone ? 0 : 1) - (known && !known.gone ? 1 : 0);
    this.#shown = undefined;
    this.#edges.set(edge.client, edge);
  }

  #forget(client: NodeId): void {
    const known = this.#edges.get(client);
    if (known === undefined) return;
    this.#digest = (this.#digest - known.hash) >>> 0;
    if (!known.gone) this.#living--;
    this.#shown = undefined;
    this.#edges.delete(client);
  }

  /** Whether a peer is known to be gone; unknown peers count as gone. */
  isDeparted(node: NodeId): boolean {
    return this.#edges.get(node)?.gone ?? true;
  }

  /** Where a peer hangs as far as is known: from itself for a head, `undefined` for who is gone. */
  parentOf(node: NodeId): NodeId | undefined {
    const edge = this.#edges.get(node);
    return edge === undefined || edge.gone ? undefined : edge.parent;
  }

  /** The neighbour behind whom somebody is (rule T2); `undefined` when it is not known. */
  towards(node: NodeId): LinkState | undefined {
    if (this.isDeparted(node)) return undefined;
    let below = node;
    for (let depth = 0; depth < pathNodesMax; depth++) {
      const parent = this.parentOf(below);
      if (parent === undefined || parent === below) break;
      if (parent === this.#ctx.self) return this.#links.clients().find((client) => client.remote === below);
      below = parent;
    }
    return this.#links.parent();
  }

  /** Peers in the picture, which is fresher than the last sweep; `undefined` when it is not whole. */
  get size(): number | undefined {
    if (!this.#full || !this.#edges.has(this.#ctx.self)) return undefined;
    return this.#living;
  }

  /** Whether somebody came within the last so many ms. */
  hasGrown(withinMs: number): boolean {
    return this.#ctx.nowMs - this.#grewAtMs < withinMs;
  }

  /** Living edges, client -> parent. */
  edges(): ReadonlyMap<NodeId, NodeId> {
    if (this.#shown) return this.#shown;
    const living = new Map<NodeId, NodeId>();
    for (const edge of this.#edges.values()) if (!edge.gone) living.set(edge.client, edge.parent);
    this.#shown = living;
    return living;
  }

  members(): Map<NodeId, PresenceBody> {
    const members = new Map<NodeId, PresenceBody>();
    for (const [node, { body }] of this.#presence) if (this.#announced.has(node)) members.set(node, body);
    return members;
  }

  /** Notes an edge that this peer sees itself: its own, or a client's. */
  see(client: NodeId, parent: NodeId, attachEpoch: number): void {
    const known = this.#edges.get(client);
    if (known?.parent === parent && known.attachEpoch === attachEpoch && !known.gone) return;
    this.#take({ client, parent, attachEpoch, gone: false }, 0);
  }

  /** A client's link ended: it is gone, unless it says otherwise with a later epoch. */
  lose(client: NodeId): void {
    const known = this.#edges.get(client);
    if (known && !known.gone && known.parent === this.#ctx.self) this.#take({ ...known, gone: true }, 0);
  }

  receive(link: LinkState, edges: readonly Edge[]): void {
    for (const edge of edges) this.#take(edge, link.id);
  }

  /** Whether what neighbours tell of others is kept: above `fullPictureMax` peers each end of an edge knows it anyway. */
  get isFull(): boolean {
    return this.#full;
  }

  #isClient(node: NodeId): boolean {
    return this.#links.clients().some((link) => link.remote === node);
  }

  /** `isDenial`: told as gone though this peer did not know of it. */
  #take(edge: Edge, from: LinkId, isDenial = false): void {
    const known = this.#edges.get(edge.client);
    if (known) {
      if (edge.attachEpoch < known.attachEpoch) return;
      if (edge.attachEpoch === known.attachEpoch) {
        // Two peers under one key may have come to the same epoch: all must choose the same, so that who it is about hears of it.
        if (known.gone || (!edge.gone && edge.parent <= known.parent)) return;
      }
    } else if (edge.gone && !isDenial) {
      return;
    }
    if (edge.client === this.#ctx.self && from !== 0) {
      // Only this peer knows where it hangs, and that it lives.
      this.#refute(edge.attachEpoch);
      return;
    }
    if (from !== 0 && !edge.gone && edge.parent === this.#ctx.self && !this.#isClient(edge.client)) {
      // Nobody knows better than the parent it names: an old report of a client that is none any more.
      this.#take({ ...edge, gone: true }, 0, true);
      return;
    }
    if (!known && this.#edges.size >= 2 * fullPictureMax) return;
    this.#store({ ...edge, atMs: this.#ctx.nowMs, hash: hashOf(edge) });
    // The room outgrew it before a sweep said so.
    if (this.#living > fullPictureMax) this.setRoomSize(this.#living);
    this.#brokenSince.delete(edge.client);
    if (this.#full) {
      for (const link of this.#links.tree()) if (link.id !== from) (link.edgesDirty ??= new Set()).add(edge.client);
      this.#flushAtMs = Math.min(this.#flushAtMs, this.#ctx.nowMs + edgesFlushMs);
    }
    this.#announce(edge.client);
    this.#ctx.treeChanged();
  }

  /** A new tree neighbour gets all that is known. */
  introduce(link: LinkState): void {
    if (!this.#full) return;
    link.edgesDirty = new Set(this.#edges.keys());
    this.#flushAtMs = Math.min(this.#flushAtMs, this.#ctx.nowMs + edgesFlushMs);
  }

  /** Above `fullPictureMax` peers only the own surroundings are kept. */
  setRoomSize(roomSize: number): void {
    if (this.#full && roomSize > fullPictureMax) {
      this.#full = false;
      this.#flushAtMs = Infinity;
      const near = new Set<NodeId>([this.#ctx.self]);
      for (const link of this.#links.tree()) {
        near.add(link.remote);
        link.edgesDirty = undefined;
      }
      for (const node of this.#edges.keys()) if (!near.has(node)) this.#forget(node);
    } else if (this.#full || roomSize >= fullPictureMax * 0.9) {
      this.#smallSinceMs = Infinity;
    } else {
      // While many come at once the sweeps lag behind what the root said when this peer registered.
      this.#smallSinceMs = Math.min(this.#smallSinceMs, this.#ctx.nowMs);
      if (this.#ctx.nowMs - this.#smallSinceMs < smallRoomMs) return;
      this.#full = true;
      for (const link of this.#links.tree()) this.introduce(link);
    }
  }

  setPresence(packet: VerifiedPacket<'presence'>, flood: Flood, from: LinkId): void {
    const presence = presenceBody.decode(packet.body);
    if (presence === undefined) return;
    const { session } = packet.header;
    const key = streamKey(packet.senderId, session);
    const state = flood.streams.open(key, 1, this.#ctx.nowMs);
    if (state === undefined || !flood.streams.setPresence(state, packet)) return;
    flood.forwardPresence(packet, from);
    const known = this.#presence.get(packet.senderId);
    // Of an earlier visit of somebody who came again under the same key.
    if (known !== undefined && session < known.session) return;
    this.#presence.set(packet.senderId, { session, body: presence });
    if (this.#presence.size > 2 * fullPictureMax) this.#forgetPresence();
    this.#announced.delete(packet.senderId);
    this.#announce(packet.senderId);
  }

  /** The owner ruled: who is put out is here no longer, whoever goes on serving it (rule O4). */
  ruled(): void {
    for (const node of this.#presence.keys()) this.#announce(node);
  }

  #forgetPresence(): void {
    for (const node of this.#presence.keys()) {
      if (this.#announced.has(node)) continue;
      this.#presence.delete(node);
      return;
    }
  }

  /** Tells the user of a member once both its presence and its edge are known, and of its going. */
  #announce(node: NodeId): void {
    const presence = this.#presence.get(node)?.body;
    const self = node === this.#ctx.self;
    const here = self || (!this.isDeparted(node) && this.#ctx.rules.bars(node) === undefined);
    if (here && presence && !this.#announced.has(node)) {
      this.#announced.add(node);
      this.#ctx.emit({ kind: 'presence', node, presence, self });
    } else if (!here && this.#announced.delete(node)) {
      this.#ctx.emit({ kind: 'absent', node });
    }
  }

  dueMs(): number {
    return this.#flushAtMs;
  }

  timer(head: NodeId | undefined): void {
    const { nowMs } = this.#ctx;
    if (nowMs >= this.#flushAtMs) this.#flush();
    if (nowMs >= this.#tidyAtMs) {
      this.#tidyAtMs = nowMs + tidyPeriodMs;
      this.#tidy(head);
    }
  }

  #flush(): void {
    this.#flushAtMs = Infinity;
    for (const link of this.#links.tree()) {
      const dirty = link.edgesDirty;
      link.edgesDirty = undefined;
      if (!dirty || dirty.size === 0) continue;
      const edges: Edge[] = [];
      for (const client of dirty) {
        const edge = this.#edges.get(client);
        if (edge) edges.push(edge);
      }
      for (let at = 0; at < edges.length; at += edgesMax) {
        this.#links.send(link, this.#ctx.factory.newEdges(edges.slice(at, at + edgesMax)));
      }
    }
  }

  /** Drops old tombstones, and peers below a gone one whom nobody has reported for a while. */
  #tidy(head: NodeId | undefined): void {
    const { nowMs, self } = this.#ctx;
    // Without a head in sight nobody's chain can be judged.
    const judging = this.#full && head !== undefined;
    const whole = new Map<NodeId, boolean>();
    const isWhole = (node: NodeId, depth = 0): boolean => {
      if (node === head || node === self) return true;
      const known = whole.get(node);
      if (known !== undefined) return known;
      const edge = this.#edges.get(node);
      whole.set(node, false);
      const result =
        edge !== undefined && !edge.gone && depth < 64 && edge.parent !== node && isWhole(edge.parent, depth + 1);
      whole.set(node, result);
      return result;
    };
    for (const edge of [...this.#edges.values()]) {
      if (edge.gone) {
        if (nowMs - edge.atMs > edgeTombstoneMs) {
          this.#forget(edge.client);
        }
      } else if (!judging || isWhole(edge.client)) {
        this.#brokenSince.delete(edge.client);
      } else {
        const sinceMs = this.#brokenSince.get(edge.client) ?? nowMs;
        this.#brokenSince.set(edge.client, sinceMs);
        const patienceMs = edge.parent === edge.client ? formerHeadMs : brokenChainMs;
        if (nowMs - sinceMs > patienceMs) {
          // Should it live after all, it refutes.
          this.#take({ ...edge, gone: true }, 0);
        }
      }
    }
  }
}
