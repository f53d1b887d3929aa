/**
 * The reunion: one sweep a period down the tree with the path, one fold up with the size. Two packets an edge,
 * however many peers (rules U1 to U6).
 */
import { foldWaitMs, pathDeadAfterMs, pathNodesMax } from '../limits.ts';
import { noNode } from '../types.ts';
import type { Attestation } from '../wire/attestation.ts';
import type { FoldBody, ProbeBody, SweepBody } from '../wire/bodies.ts';
import type { Packet } from '../wire/packet.ts';
import { Reunion } from '../wire/reunion.ts';
import type { Attach } from './attach.ts';
import type { Context } from './context.ts';
import type { LinkState, Links } from './links.ts';
import type { Picture } from './picture.ts';
import type { Position } from './position.ts';

export interface ReunionEvents {
  /** This peer stands in its own path, or the path is full. */
  cycle(): void;
  /** The path was confirmed: after a healing, that ends it. */
  anchored(): void;
  /** Nothing confirmed the path for too long. */
  unconfirmed(): void;
}

export class ReunionSweep {
  readonly #ctx: Context;
  readonly #links: Links;
  readonly #position: Position;
  readonly #attach: Attach;
  readonly #picture: Picture;
  readonly #events: ReunionEvents;
  /** Head: when the next sweep starts, and when the root's answer to the fold is no longer waited for. */
  #sweepAtMs = 0;
  #rootDueMs = Infinity;
  /** When the fold goes up though clients are missing. */
  #foldAtMs = Infinity;
  readonly #awaited = new Set<number>();

  constructor(ctx: Context, links: Links, position: Position, attach: Attach, picture: Picture, events: ReunionEvents) {
    this.#ctx = ctx;
    this.#links = links;
    this.#position = position;
    this.#attach = attach;
    this.#picture = picture;
    this.#events = events;
  }

  /** What hangs below this peer, itself included, as far as it was told. */
  fold(): FoldBody {
    let subtreeSize = 1;
    let height = 0;
    const clients = this.#links.clients();
    let freeSlots = Math.max(0, this.#attach.clientsMax - clients.length);
    for (const client of clients) {
      subtreeSize += client.fold?.subtreeSize ?? 1;
      height = Math.max(height, 1 + (client.fold?.height ?? 0));
      freeSlots += client.fold?.freeSlots ?? 0;
    }
    const { epoch, round, attachEpoch } = this.#position;
    return { epoch, round, subtreeSize, height: Math.min(255, height), freeSlots, attachEpoch };
  }

  /** Starts sweeping at once: this peer has just become the head. */
  startAsHead(): void {
    this.#sweepAtMs = this.#ctx.nowMs;
    this.#position.confirmedAtMs = this.#ctx.nowMs;
    this.#position.roomSize = this.fold().subtreeSize;
    this.#anchorAsHead();
    this.timer();
  }

  /** The root came or went: the head tells at once. */
  rootChanged(): void {
    if (this.#position.head) this.#sweepAtMs = this.#ctx.nowMs;
  }

  #anchorAsHead(): void {
    this.#position.rootReachable = this.#attach.registered;
    this.#position.setPath([this.#ctx.self]);
    this.#events.anchored();
  }

  /** Sends the fold up at once: the parent is new. */
  foldUp(): void {
    const parent = this.#links.parent();
    this.#foldAtMs = Infinity;
    this.#awaited.clear();
    if (parent) this.#links.send(parent, this.#ctx.factory.newReunion(this.fold()));
  }

  /** Tells one client where it stands (rule U5). */
  tell(client: LinkState, action: 'response' | 'push'): void {
    this.#links.send(client, this.#ctx.factory.newSweep(this.#sweep(), action));
  }

  #sweep(): SweepBody {
    const { epoch, round, roomSize, attestation, path } = this.#position;
    return { epoch, round, roomSize, attestation, path };
  }

  #passDown(action: 'response' | 'push'): void {
    const clients = this.#links.clients();
    for (const client of clients) this.tell(client, action);
    if (action === 'push') return;
    this.#awaited.clear();
    for (const client of clients) this.#awaited.add(client.id);
    if (clients.length === 0) this.foldUp();
    else this.#foldAtMs = this.#ctx.nowMs + foldWaitMs;
  }

  /** A reunion packet from a link, or from the root when `link` is undefined. */
  receive(link: LinkState | undefined, packet: Packet<'reunion'>, attested: boolean): void {
    this.#ctx.counters.reunionsIn++;
    const reunion = Reunion.read(packet);
    if (reunion === undefined) return;
    const { content } = reunion;
    if (content.kind === 'probe') this.#probe(content.probe, content.direction, attested, link);
    else if (content.kind === 'fold') this.#folded(link, content.fold);
    else if (link === undefined) this.#rootAnswered(content.sweep, attested);
    else if (link.role === 'parent')
      this.#swept(content.sweep, packet.action === 'push' ? 'push' : 'response', attested);
  }

  #folded(link: LinkState | undefined, fold: FoldBody): void {
    if (link?.role !== 'client') return;
    link.fold = fold;
    this.#awaited.delete(link.id);
    if (this.#awaited.size === 0 && this.#foldAtMs < Infinity) this.#finishFold();
  }

  #finishFold(): void {
    if (this.#position.head) {
      this.#foldAtMs = Infinity;
      this.#setRoomSize(this.fold().subtreeSize);
    } else {
      this.foldUp();
    }
  }

  #setRoomSize(roomSize: number): void {
    if (roomSize !== this.#position.roomSize) this.#ctx.treeChanged();
    this.#position.roomSize = roomSize;
    this.#picture.setRoomSize(roomSize);
  }

  #rootAnswered(sweep: SweepBody, attested: boolean): void {
    if (!this.#position.head) return;
    this.#rootDueMs = Infinity;
    this.#position.epoch = sweep.epoch;
    this.#startSweep(sweep.attestation, attested);
  }

  /** Keeps the root's word, as it came, for those below, and shows whether it proves that the root is there (rule U7). */
  #judgeRoot(attestation: Attestation | undefined, attested: boolean): void {
    const position = this.#position;
    const isThere = attestation !== undefined && attested && position.rootWord.isFresh(attestation, this.#ctx.nowMs);
    if (position.rootReachable !== isThere) this.#ctx.treeChanged();
    position.rootReachable = isThere;
    position.attestation = attestation;
  }

  #startSweep(attestation?: Attestation, attested = false): void {
    const position = this.#position;
    this.#judgeRoot(attestation, attested);
    position.confirmedAtMs = this.#ctx.nowMs;
    position.round++;
    this.#setRoomSize(this.fold().subtreeSize);
    this.#passDown('response');
  }

  #swept(sweep: SweepBody, action: 'response' | 'push', attested: boolean): void {
    const position = this.#position;
    const { self } = this.#ctx;
    const broken = sweep.path.includes(self) || sweep.path.length >= pathNodesMax;
    if (broken && !this.#ctx.disabled('path-check')) {
      this.#events.cycle();
      return;
    }
    if (sweep.path.length === 0) return;
    this.#judgeRoot(sweep.attestation, attested);
    position.epoch = sweep.epoch;
    position.round = sweep.round;
    position.confirmedAtMs = this.#ctx.nowMs;
    position.healingUntilMs = 0;
    position.healingFor = undefined;
    // A room as large as the root never saw would have everybody drop the picture (rule M5).
    this.#setRoomSize(Math.min(sweep.roomSize, position.rootReachable ? (sweep.attestation?.roomSize ?? 0) : Infinity));
    const changed = position.setPath([...sweep.path, self].slice(0, pathNodesMax));
    this.#events.anchored();
    if (action === 'response') this.#passDown('response');
    else if (changed) this.#passDown('push');
  }

  // On demand.

  /** Asks the way to the root (rule U6). */
  askWay(probe: number): void {
    const { self } = this.#ctx;
    this.#probeUp({ probe, path: [self], signature: undefined });
  }

  #probeUp(probe: ProbeBody): void {
    const parent = this.#links.parent();
    const up = this.#ctx.factory.newProbe(probe, 'pull');
    if (parent) this.#links.send(parent, up);
    else if (this.#position.head && this.#attach.registered) this.#ctx.sendRoot(up);
    else this.#probeDown({ ...probe, signature: undefined }, false);
  }

  #probe(probe: ProbeBody, direction: 'up' | 'down', attested: boolean, link: LinkState | undefined): void {
    const { self } = this.#ctx;
    if (direction === 'up') {
      if (link?.role !== 'client' || probe.path.includes(self) || probe.path.length >= pathNodesMax) return;
      this.#probeUp({ ...probe, path: [...probe.path, self] });
    } else {
      this.#probeDown(probe, attested);
    }
  }

  #probeDown(body: ProbeBody, attested: boolean): void {
    const { self, factory } = this.#ctx;
    const { probe, path, signature } = body;
    if (path[0] === self) {
      // Those on the way could say that the root answered: its signature under the number asked with shows that it did.
      this.#ctx.emit({ kind: 'probe', probe, path, rootReachable: signature !== undefined && attested });
      return;
    }
    const down = factory.newProbe(body, 'confirm');
    const dest = Reunion.read(down)?.getDest(self, this.#links.parent()?.remote ?? noNode) ?? noNode;
    const client = this.#links.clients().find((link) => link.remote === dest);
    if (client) this.#links.send(client, down);
  }

  // Time.

  dueMs(): number {
    if (this.#position.head) return Math.min(this.#sweepAtMs, this.#rootDueMs, this.#foldAtMs);
    const judged = this.#position.everAttached && this.#links.parent() !== undefined;
    return Math.min(this.#foldAtMs, judged ? this.#pathDeadAtMs() : Infinity);
  }

  #pathDeadAtMs(): number {
    return Math.max(this.#position.confirmedAtMs + pathDeadAfterMs, this.#position.healingUntilMs);
  }

  timer(): void {
    const { nowMs, options } = this.#ctx;
    if (nowMs >= this.#foldAtMs) {
      this.#awaited.clear();
      this.#finishFold();
    }
    if (this.#position.head) {
      if (nowMs >= this.#sweepAtMs) {
        this.#sweepAtMs = nowMs + options.reunionPeriodMs;
        if (this.#attach.registered) {
          this.#rootDueMs = nowMs + options.reunionPeriodMs / 2;
          this.#ctx.sendRoot(this.#ctx.factory.newReunion(this.fold()));
        } else {
          this.#startSweep();
        }
      }
      if (nowMs >= this.#rootDueMs) {
        this.#rootDueMs = Infinity;
        this.#startSweep();
      }
    } else if (this.#position.everAttached && this.#links.parent() && nowMs >= this.#pathDeadAtMs()) {
      this.#events.unconfirmed();
    }
  }
}
