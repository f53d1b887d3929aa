/**
 * The core of a peer: a pure state machine. It owns no socket, timer, clock or random source.
 *
 * Call `handle(input, nowMs)` with each input, then `poll()` until it gives `undefined` and carry out what it gave, in
 * order; `nextTimeoutMs()` says when to hand in `{ kind: 'timer' }`. `view()` may be called at any time.
 *
 * This file only dispatches; each concern has its own file beside it.
 */
import type { LinkReason, ReasonCode } from '../errors.ts';
import { pingPeriodMs, pingTogetherMs, sleptAfterMs } from '../limits.ts';
import type { Rng } from '../ports.ts';
import { noNode, noSession, streamKey, type LinkId, type NodeId, type StreamKey } from '../types.ts';
import { auditBody, forkBody } from '../wire/audit-body.ts';
import {
  edgesBody,
  expectBody,
  frontierBody,
  healingBody,
  helloBody,
  leaveBody,
  pingBody,
  progressBody,
  refuseBody,
  wantBody,
  type PresenceBody,
} from '../wire/bodies.ts';
import { sameBytes } from '../wire/bytes.ts';
import { PacketFactory, type Origin } from '../wire/packet-factory.ts';
import { packetTypes, type Packet, type VerifiedPacket } from '../wire/packet.ts';
import { receiptsBody } from '../wire/talk-body.ts';
import { Attach } from './attach.ts';
import { Audit } from './audit.ts';
import { Clients } from './clients.ts';
import { Context } from './context.ts';
import { Files } from './files.ts';
import { Flood } from './flood.ts';
import { Healing } from './healing.ts';
import type { CoreInput, CoreOutput, LinkView, PeerCounters, PeerOptions, PeerView, PlaceView } from './io.ts';
import { isTreeLink, Links, type LinkState } from './links.ts';
import { Moderation } from './moderation.ts';
import { Picture } from './picture.ts';
import { Position } from './position.ts';
import { Receipts } from './receipts.ts';
import { ReunionSweep } from './reunion-sweep.ts';
import { Typing } from './typing.ts';

/** Malformed or wrongly signed packets on one link after which it ends. */
const badPacketsMax = 10;

export class PeerCore {
  readonly factory: PacketFactory;
  readonly #ctx: Context;
  readonly #links: Links;
  readonly #position: Position;
  readonly #picture: Picture;
  readonly #flood: Flood;
  readonly #files: Files;
  readonly #receipts: Receipts;
  readonly #typing: Typing;
  readonly #audit: Audit;
  readonly #moderation: Moderation;
  readonly #attach: Attach;
  readonly #clients: Clients;
  readonly #healing: Healing;
  readonly #reunion: ReunionSweep;
  /** Presence that waits to be told. */
  #presence: { readonly body: PresenceBody; readonly timeMs: number } | undefined;
  #presenceVersion = 0;
  #lastTurnMs = -Infinity;
  /** When the first link needs a look, as of the last `nextTimeoutMs`: what comes in between can only put it off. */
  #linksDueMs = -Infinity;
  #outputsTaken = 0;

  constructor(origin: Origin, rng: Rng, options: PeerOptions) {
    this.factory = new PacketFactory(origin);
    const ctx = new Context(this.factory, rng, options);
    this.#ctx = ctx;
    this.#links = new Links(ctx);
    this.#position = new Position(ctx);
    this.#picture = new Picture(ctx, this.#links, (epoch) => {
      if (epoch < this.#position.attachEpoch || !this.#position.anchored) return;
      this.#position.attachEpoch = epoch + 1;
      this.#announcePosition();
    });
    this.#files = new Files(ctx, this.#links, this.#picture);
    this.#receipts = new Receipts(ctx, this.#links, this.#picture, () => this.#reunion.fold().height);
    this.#typing = new Typing(ctx, this.#links, this.#picture);
    this.#flood = new Flood(
      ctx,
      this.#links,
      this.#files,
      (node) => this.#picture.isDeparted(node),
      () => this.#position.anchored,
      (key, packet, messages, from) => {
        this.#receipts.accepted(key, packet, messages, from);
        this.#typing.spoke(packet.senderId);
        this.#audit.accepted(key, packet.header.seq, from);
      },
    );
    this.#audit = new Audit(ctx, this.#links, this.#flood, (parent) => {
      this.#attach.leave(parent.remote, 'dropped');
    });
    this.#moderation = new Moderation(ctx, this.#links, {
      expelled: (reason) => {
        this.#leave(false, reason);
      },
      bar: (link, reason) => {
        if (link.phase === 'open') this.#links.send(link, this.factory.newLeave(ctx.self, reason, 0));
        this.#linkEnded(link, reason);
      },
      ruled: () => {
        this.#picture.ruled();
      },
      tellsRoot: () => this.#attach.registered && (this.#position.head || ctx.self === ctx.rules.owner),
    });
    this.#attach = new Attach(ctx, this.#links, this.#position, {
      becomeHead: () => {
        this.#becomeHead();
      },
      stepDown: () => {
        if (this.#position.head) this.#healing.orphaned(noNode, 'replaced');
      },
      failed: (purpose, reason) => {
        if (purpose === 'backup') this.#healing.backupFailed();
        else if (this.#links.parent() && reason !== 'connect-timeout') this.#announcePosition();
      },
      noBackup: () => {
        this.#healing.backupFailed();
      },
      barred: (reason) => {
        this.#leave(false, reason);
      },
      registered: (moved, roomSize, order) => {
        this.#moderation.compareRoot(order);
        // A newcomer to a large room does not gather what it would drop at the first sweep.
        if (!this.#position.everAttached) this.#picture.setRoomSize(roomSize);
        if (moved) this.#announcePosition();
        if (this.#position.anchored) this.#healing.wantBackup();
        this.#reunion.rootChanged();
      },
      subtreeSize: () => this.#reunion.fold().subtreeSize,
    });
    this.#clients = new Clients(ctx, this.#links, this.#position, this.#flood, this.#attach, (link, hello) => {
      this.#clientAccepted(link, hello.attachEpoch, hello.frontierDigest);
      this.#moderation.compare(link, hello.order ?? 0);
    });
    this.#healing = new Healing(ctx, this.#links, this.#position, this.#flood, this.#attach, {
      standAlone: () => {
        this.#becomeHead();
      },
    });
    this.#reunion = new ReunionSweep(ctx, this.#links, this.#position, this.#attach, this.#picture, {
      cycle: () => {
        this.#dropParent('cycle');
      },
      anchored: () => {
        this.#settle();
      },
      unconfirmed: () => {
        this.#dropParent('unconfirmed');
      },
    });
  }

  /** Takes one input at time `nowMs` (monotonic, ms). */
  handle(input: CoreInput, nowMs: number): void {
    this.#ctx.nowMs = nowMs;
    if (this.#position.state === 'left') return;
    if (nowMs - this.#lastTurnMs > sleptAfterMs && this.#isOverdue(sleptAfterMs)) this.#links.afterSleep();
    this.#lastTurnMs = nowMs;
    this.#dispatch(input);
    this.#turn();
    this.#ctx.flushTreeChange();
  }

  /** Whether a timer should have been handed in longer ago than this: the process slept. */
  #isOverdue(byMs: number): boolean {
    const dueMs = this.nextTimeoutMs();
    return dueMs !== undefined && this.#ctx.nowMs - dueMs > byMs;
  }

  /** The next output, or `undefined` when there is none left. */
  poll(): CoreOutput | undefined {
    const { outputs } = this.#ctx;
    const output = outputs[this.#outputsTaken++];
    if (output === undefined) {
      outputs.length = 0;
      this.#outputsTaken = 0;
    }
    return output;
  }

  /** When a timer input is due, on the clock that `handle` is given; `undefined` for never. */
  nextTimeoutMs(): number | undefined {
    if (this.#position.state === 'left' || this.#position.state === 'idle') return undefined;
    let due = Math.min(
      this.#attach.dueMs(),
      this.#reunion.dueMs(),
      this.#healing.dueMs(),
      this.#picture.dueMs(),
      this.#flood.dueMs(),
      this.#files.dueMs(),
      this.#receipts.dueMs(),
      this.#typing.dueMs(),
      this.#audit.dueMs(),
    );
    this.#linksDueMs = Infinity;
    for (const link of this.#links.all()) this.#linksDueMs = Math.min(this.#linksDueMs, this.#links.dueMs(link));
    due = Math.min(due, this.#linksDueMs);
    return due === Infinity ? undefined : due;
  }

  counters(): PeerCounters {
    return this.#ctx.counters;
  }

  view(): PeerView {
    return { ...this.place(), edges: this.#picture.edges(), members: this.#picture.members() };
  }

  /** What `view()` says but for the picture of the whole room, at little cost. */
  place(): PlaceView {
    const position = this.#position;
    const parent = this.#links.parent();
    const connecting = this.#links.candidate('parent', 'move');
    return {
      id: this.#ctx.self,
      session: this.factory.session,
      state: position.state,
      parent: position.head ? this.#ctx.self : parent?.remote,
      head: position.head,
      clients: this.#links.clients().map((link) => link.remote),
      links: this.linkViews(),
      path: position.path,
      roomSize: Math.max(this.#picture.size ?? position.roomSize, position.path.length),
      subtreeSize: this.#reunion.fold().subtreeSize,
      rootReachable: position.rootReachable,
      registered: this.#attach.registered,
      attachEpoch: position.attachEpoch,
      connectingTo: connecting?.remote,
      logPackets: this.#flood.log.length,
      logBytes: this.#flood.log.bytes,
    };
  }

  /** The open links alone: what `view()` says of them, at little cost. */
  linkViews(): LinkView[] {
    return [...this.#links.all()].flatMap((link) =>
      link.role ? [{ link: link.id, node: link.remote, role: link.role, rttMs: link.rttMs }] : [],
    );
  }

  /** Whether this peer's log still holds a position of a stream: what a neighbour could get from it. */
  holds(key: StreamKey, seq: number): boolean {
    const state = this.#flood.streams.get(key);
    return state !== undefined && seq >= state.oldest && seq < state.next;
  }

  /** The first position up to `seq` that this peer still has to get of a stream; `undefined` when there is none. */
  lacks(key: StreamKey, seq: number): number | undefined {
    return this.#flood.lacks(key, seq);
  }

  /** Whether a peer has a place in the tree; taken to be so where the picture is not whole (rule S12). */
  knows(node: NodeId): boolean {
    return !this.#picture.isFull || !this.#picture.isDeparted(node);
  }

  get hasLeft(): boolean {
    return this.#position.state === 'left';
  }

  /** Whether another message can be taken. */
  get busy(): boolean {
    return this.#flood.outboxFull;
  }

  // Inputs.

  #dispatch(input: CoreInput): void {
    switch (input.kind) {
      case 'rootUp':
        this.#attach.rootUp();
        break;
      case 'rootDown':
        this.#attach.rootDown();
        this.#reunion.rootChanged();
        break;
      case 'rootPacket':
        this.#rootPacket(input.packet, input.attested);
        break;
      case 'linkUp':
        this.#withLink(input.link, (link) => {
          this.#links.up(link, input.binding);
          if (link.initiator) {
            const role = link.purpose === 'backup' ? 'backupOut' : 'parent';
            this.#links.send(link, this.factory.newHello(this.#healing.helloBody(link, role), 'request'));
          }
        });
        break;
      case 'linkDown':
        this.#withLink(input.link, (link) => {
          this.#linkEnded(link, 'closed', true);
        });
        break;
      case 'linkSignal':
        this.#withLink(input.link, (link) => {
          if (!this.#attach.registered) return;
          this.#ctx.sendRoot(this.factory.newSignal({ to: link.remote, ticket: link.ticket, data: input.data }));
        });
        break;
      case 'packet':
        this.#withLink(input.link, (link) => {
          this.#linkPacket(link, input.packet, input.attested);
        });
        break;
      case 'badPacket':
        this.#withLink(input.link, (link) => {
          this.#links.heard(link);
          if (!input.blame) {
            this.#audit.blame.leftOut(link.id);
            return;
          }
          this.#ctx.counters.badPackets++;
          if (++link.badPackets >= badPacketsMax) this.#linkEnded(link, 'bad-packets');
        });
        break;
      case 'linkDrained':
        this.#withLink(input.link, (link) => {
          this.#flood.drained(link, input.bytes);
          this.#files.pump(link);
        });
        break;
      case 'sealed':
        if (isType(input.packet, 'message')) this.#flood.sealed(input.packet);
        else if (isType(input.packet, 'presence')) this.#picture.setPresence(input.packet, this.#flood, 0);
        else if (isType(input.packet, 'typing')) this.#typing.sealed(input.packet);
        else if (isType(input.packet, 'order')) this.#moderation.receive(input.packet, 0);
        break;
      case 'send':
        this.#flood.send(input.messages, input.timeMs);
        break;
      case 'presence':
        this.#presence = { body: input.presence, timeMs: input.timeMs };
        break;
      case 'typing':
        this.#typing.say({ active: input.active, channel: input.channel }, input.timeMs);
        break;
      case 'order':
        this.#moderation.issue(input.order, input.version, input.timeMs);
        break;
      case 'offer':
        this.#attach.offer(input.clientsMax, input.role, input.hidden);
        break;
      case 'chunkRead':
        this.#withLink(input.link, (link) => {
          this.#files.read(link, input.file, input.index, input.packet);
        });
        break;
      case 'dropFile':
        this.#files.drop(input.file);
        break;
      case 'probe':
        this.#reunion.askWay(input.probe);
        break;
      case 'leave':
        this.#leave(input.pause);
        break;
      case 'timer':
        break;
    }
  }

  #withLink(id: LinkId, act: (link: LinkState) => void): void {
    const link = this.#links.get(id);
    // The core may have closed it while the input was on its way.
    if (link) act(link);
  }

  #rootPacket(packet: VerifiedPacket, attested: boolean): void {
    if (isType(packet, 'signal')) {
      this.#attach.signal(packet, (from, ticket) => this.#clients.answer(from, ticket));
    } else if (isType(packet, 'order')) {
      this.#moderation.receive(packet, 0);
    } else if (isType(packet, 'reunion')) {
      this.#reunion.receive(undefined, packet, attested);
    } else if (packet.header.type === 'advertise' && packet.action === 'expect') {
      const body = expectBody.decode(packet.body);
      if (body) this.#clients.expect(body);
    } else {
      this.#attach.packet(packet);
    }
  }

  #linkPacket(link: LinkState, packet: VerifiedPacket, attested: boolean): void {
    this.#links.heard(link);
    if (!this.#links.mayReceive(link, packet)) return;
    if (isType(packet, 'message')) {
      this.#flood.receive(link, packet);
    } else if (this.#isOfBanned(packet)) {
      // Nothing more of that key is shown or passed on in this session (rule K2).
    } else if (isType(packet, 'presence')) {
      this.#picture.setPresence(packet, this.#flood, link.id);
    } else if (isType(packet, 'chunk')) {
      this.#files.receive(link, packet);
    } else if (isType(packet, 'typing')) {
      this.#typing.receive(link.id, packet);
    } else if (isType(packet, 'order')) {
      this.#moderation.receive(packet, link.id);
    } else if (packet.senderId !== link.remote) {
      // Everything else is between neighbours (rule S5).
      this.#ctx.counters.badPackets++;
    } else if (isType(packet, 'reunion')) {
      this.#reunion.receive(link, packet, attested);
    } else {
      this.#neighbourPacket(link, packet);
    }
  }

  #isOfBanned(packet: VerifiedPacket): boolean {
    const { type, session } = packet.header;
    return packetTypes[type].scope === 'room' && this.#flood.forks.isBanned(streamKey(packet.senderId, session));
  }

  #neighbourPacket(link: LinkState, packet: VerifiedPacket): void {
    const { type } = packet.header;
    if (type === 'hello') {
      this.#hello(link, packet);
    } else if (type === 'ping') {
      const ping = pingBody.decode(packet.body);
      if (ping && this.#links.pinged(link, ping) > 0) {
        this.#flood.lost(link);
        this.#files.introduce(link);
      }
      if (ping && isTreeLink(link)) this.#picture.compare(link, ping.edgesDigest);
      if (link.role === 'backupOut') this.#healing.judgeBackup();
    } else if (type === 'frontier' && (packet.action === 'pull' || packet.action === 'response')) {
      const body = frontierBody.decode(packet.body);
      if (body) {
        this.#moderation.compare(link, body.order ?? 0);
        this.#flood.frontier(link, body, packet.action);
        if (packet.action === 'pull') this.#receipts.introduce(link);
        this.#settle();
      }
    } else if (type === 'healing') {
      const body = healingBody.decode(packet.body);
      if (body && link.role === 'parent' && !this.#healing.heard(body.orphan)) this.#dropParent('cycle');
    } else if (type === 'edges') {
      const body = this.#picture.isFull && isTreeLink(link) ? edgesBody.decode(packet.body) : undefined;
      if (body) this.#picture.receive(link, body.edges);
    } else if (type === 'want') {
      const body = wantBody.decode(packet.body);
      if (body) this.#files.wanted(link, body, packet.action === 'confirm' ? 'confirm' : 'pull');
    } else if (type === 'progress') {
      const body = progressBody.decode(packet.body);
      if (body) this.#files.progressed(link, body);
    } else if (type === 'receipts') {
      const entries = receiptsBody.decode(packet.body);
      if (entries) this.#receipts.receive(link, entries);
    } else if (type === 'audit') {
      const body = auditBody.decode(packet.body);
      if (body) this.#audit.receive(link, body);
    } else if (type === 'fork') {
      const body = forkBody.decode(packet.body);
      if (body) this.#flood.forks.announced(link, body);
    } else if (type === 'leave') {
      const body = leaveBody.decode(packet.body);
      if (body) this.#linkEnded(link, body.reason === 'moved' ? 'moved' : 'left');
    }
  }

  #hello(link: LinkState, packet: Packet): void {
    if (packet.action === 'refuse') {
      const refusal = refuseBody.decode(packet.body);
      if (!refusal) return;
      if (link.role === 'backupOut') this.#healing.rescueFailed();
      else this.#attach.failLink(link, refusal.reason);
      return;
    }
    const hello = helloBody.decode(packet.body);
    if (hello === undefined) return;
    if (packet.action === 'request') this.#clients.hello(link, hello);
    else if (packet.action === 'promote') this.#clients.promote(link, hello);
    else if (packet.action === 'response' && link.initiator) {
      const barred = this.#ctx.rules.bars(link.remote);
      if (barred !== undefined) this.#attach.failLink(link, barred);
      else if (link.phase === 'hello' && !sameBytes(hello.binding, link.binding))
        this.#attach.failLink(link, 'link-auth');
      else if (hello.role === 'parent') {
        this.#attachTo(link, hello.frontierDigest);
        this.#moderation.compare(link, hello.order ?? 0);
      } else if (link.phase === 'hello') this.#keepBackup(link);
    }
  }

  /** Who this peer is can only be signed once it has a session. */
  #tellPresence(): void {
    if (this.#presence === undefined || this.factory.session === noSession) return;
    const { body, timeMs } = this.#presence;
    this.#presence = undefined;
    this.#ctx.emit({ kind: 'seal', packet: this.factory.newPresence(body, ++this.#presenceVersion, timeMs) });
  }

  // Changes of place.

  #attachTo(link: LinkState, theirDigest: number): void {
    if (link.role === 'parent') return;
    const old = this.#links.parent();
    const { self, nowMs } = this.#ctx;
    if (this.#position.head) this.#position.head = false;
    if (old) this.#dismiss(old, link.remote);
    this.#links.accept(link, 'parent');
    // Two attempts may have been under way: what counts is said with an epoch of its own.
    this.#position.attachEpoch++;
    this.#position.everAttached = true;
    this.#position.confirmedAtMs = nowMs;
    this.#healing.reattached();
    this.#picture.see(self, link.remote, this.#position.attachEpoch);
    this.#attach.confirm(link.purpose === 'move' ? 'move' : 'parent', link.remote, link.ticket);
    this.#flood.startLink(link, theirDigest);
    this.#settle();
    this.#picture.introduce(link);
    this.#files.introduce(link);
    this.#receipts.introduce(link);
    this.#reunion.foldUp();
    this.#ping(link);
  }

  /** Leaves a parent for another, or for nobody yet. */
  #dismiss(parent: LinkState, successor: NodeId, reason: LinkReason = 'moved'): void {
    this.#links.send(parent, this.factory.newLeave(this.#ctx.self, 'moved', this.#position.attachEpoch, successor));
    this.#links.close(parent, reason);
  }

  #keepBackup(link: LinkState): void {
    this.#links.accept(link, 'backupOut');
    this.#flood.forks.introduce(link);
    this.#attach.confirm('backup', link.remote, link.ticket);
    this.#ping(link);
  }

  #clientAccepted(link: LinkState, attachEpoch: number, theirDigest: number): void {
    if (link.role === 'client') {
      link.remoteEpoch = attachEpoch;
      this.#picture.see(link.remote, this.#ctx.self, attachEpoch);
      if (this.#position.anchored) this.#reunion.tell(link, 'push');
      else this.#healing.tell(link);
      this.#flood.startLink(link, theirDigest);
      this.#picture.introduce(link);
      this.#files.introduce(link);
      this.#receipts.introduce(link);
    } else {
      this.#flood.forks.introduce(link);
    }
    this.#ping(link);
  }

  /** Attached means: a confirmed path, and baselines, so that nothing said from now on is missed (rule L6). */
  #settle(): void {
    if (this.#position.anchored && this.#flood.synced) this.#healing.anchored();
  }

  #becomeHead(): void {
    const position = this.#position;
    const parent = this.#links.parent();
    if (position.head) return;
    if (parent && !this.#attach.isLeaving) {
      // The head is alive, whatever the root saw: it stays head.
      this.#attach.confirm('parent', parent.remote);
      return;
    }
    if (parent) this.#dismiss(parent, noNode);
    const candidate = this.#links.candidate('parent', 'move');
    if (candidate) this.#links.close(candidate, 'moved');
    const backup = this.#links.backup();
    if (backup) this.#links.close(backup, 'moved');
    position.head = true;
    position.attachEpoch++;
    position.everAttached = true;
    this.#flood.synced = true;
    this.#healing.reattached();
    this.#picture.see(this.#ctx.self, this.#ctx.self, position.attachEpoch);
    this.#attach.confirm('parent', this.#ctx.self);
    this.#reunion.startAsHead();
    for (const client of this.#links.clients()) this.#reunion.tell(client, 'push');
  }

  /** Says again where this peer hangs: an epoch was used up by an attempt to move, or by others who hold it for gone. */
  #announcePosition(): void {
    const parent = this.#position.head ? this.#ctx.self : this.#links.parent()?.remote;
    if (parent === undefined) return;
    this.#picture.see(this.#ctx.self, parent, this.#position.attachEpoch);
    this.#attach.confirm('parent', parent);
  }

  #dropParent(reason: LinkReason): void {
    const parent = this.#links.parent();
    if (!parent) return;
    this.#dismiss(parent, noNode, reason);
    this.#healing.orphaned(parent.remote, reason);
  }

  #linkEnded(link: LinkState, reason: LinkReason, gone = false): void {
    const { role, remote } = link;
    if (role === undefined) {
      this.#attach.failLink(link, reason, gone);
      return;
    }
    if (gone) this.#links.forget(link);
    else this.#links.close(link, reason);
    if (isTreeLink(link)) this.#flood.holes.linkLost();
    if (role === 'parent') {
      this.#healing.orphaned(remote, reason);
    } else if (role === 'client') {
      this.#clientLost(link, reason);
    } else if (role === 'backupOut') {
      if (this.#healing.isOrphan) this.#healing.rescueFailed();
      else this.#healing.wantBackup();
    }
  }

  #clientLost({ remote, remoteEpoch }: LinkState, reason: LinkReason): void {
    // It may be back already, by a newer link.
    if (this.#links.clients().some((client) => client.remote === remote)) return;
    // One that moved says where with a later epoch, which wins.
    this.#picture.lose(remote);
    if (reason === 'moved' || !this.#attach.registered) return;
    this.#ctx.sendRoot(this.factory.newLeave(remote, reason, remoteEpoch));
  }

  #leave(pause: boolean, reason: ReasonCode = 'user'): void {
    const { self } = this.#ctx;
    const parent = this.#links.parent()?.remote ?? noNode;
    const successor = this.#links.parent()?.remote ?? noNode;
    for (const link of [...this.#links.all()]) {
      if (link.phase === 'open')
        this.#links.send(link, this.factory.newLeave(self, 'left', this.#position.attachEpoch, successor));
      this.#links.close(link, 'left');
      if (link.role === 'client') this.#picture.lose(link.remote);
    }
    if (this.#attach.registered)
      this.#ctx.sendRoot(this.factory.newLeave(self, 'left', this.#position.attachEpoch, successor));
    this.#attach.noWish();
    if (pause) this.#healing.orphaned(parent, 'left');
    else this.#position.setState('left', reason);
  }

  // Time.

  #ping(link: LinkState): void {
    const depth = this.#position.anchored ? this.#position.depth : 255;
    const digest = isTreeLink(link) ? this.#picture.digest : 0;
    this.#links.ping(link, depth, this.#links.parent()?.remote ?? noNode, digest);
  }

  #turnLinks(): void {
    const { nowMs } = this.#ctx;
    let isPinging = false;
    for (const link of this.#links.all()) {
      if (nowMs < this.#links.dueMs(link)) continue;
      const verdict = this.#links.verdict(link);
      if (verdict !== undefined) {
        this.#linkEnded(link, verdict);
      } else {
        this.#ping(link);
        isPinging = true;
      }
    }
    if (!isPinging) return;
    for (const link of this.#links.all()) {
      if (link.phase === 'open' && nowMs >= link.lastPingMs + pingPeriodMs - pingTogetherMs) this.#ping(link);
    }
  }

  #turn(): void {
    if (this.#position.state === 'left') return;
    if (this.#ctx.nowMs >= this.#linksDueMs) this.#turnLinks();
    this.#tellPresence();
    this.#attach.timer();
    this.#reunion.timer();
    this.#healing.timer();
    this.#picture.timer(this.#position.path[0]);
    this.#flood.timer();
    this.#files.timer();
    this.#receipts.timer();
    this.#typing.timer();
    this.#audit.timer();
  }
}

function isType<T extends Packet['header']['type']>(packet: VerifiedPacket, type: T): packet is VerifiedPacket<T> {
  return packet.header.type === type;
}
