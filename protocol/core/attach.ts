/**
 * The way in: registration at the root, advertising for a parent, and the link to the one that was assigned
 * (rules R1 to R7, A3 to A8). Deadlines on every step; after a failure, backoff and the next try.
 */
import type { LinkReason, ReasonCode } from '../errors.ts';
import type { Barred } from '../rules.ts';
import {
  backoffMaxMs,
  backoffMinMs,
  backupDelayMs,
  backupWaitMaxMs,
  reRegisterJitterMs,
  rootAnswerTimeoutMs,
} from '../limits.ts';
import { noNode, noSession, noTicket, type NodeId, type PeerRole, type SessionId } from '../types.ts';
import {
  assignmentBody,
  challengeBody,
  errorBody,
  regResBody,
  signalBody,
  type AssignmentBody,
  type Challenge,
  type Purpose,
} from '../wire/bodies.ts';
import type { VerifiedPacket } from '../wire/packet.ts';
import type { Context } from './context.ts';
import type { LinkState, Links } from './links.ts';
import type { Position } from './position.ts';

/** What attaching causes elsewhere in the core. */
export interface AttachEvents {
  /** The root says this peer is the head. */
  becomeHead(): void;
  /** The root says another peer is. */
  stepDown(): void;
  /** Nothing came of an assignment for this purpose. */
  failed(purpose: Purpose, reason: LinkReason): void;
  /** The root has no backup to give. */
  noBackup(): void;
  /** Whether people are just coming in, who need the connections more. */
  isRoomGrowing(): boolean;
  /** `moved`: it hangs elsewhere than it said when it registered; `roomSize`: peers that the root knows; `order`: the owner's order it has. */
  registered(moved: boolean, roomSize: number, order: number): void;
  /** The root says that this peer may not be here. */
  barred(reason: Barred): void;
  subtreeSize(): number;
}

/** Unit of the root's clock in which attach epochs start, ms: attempts are rarer than that. */
const epochUnitMs = 256;

const noBytes64 = new Uint8Array(64);

export class Attach {
  readonly #ctx: Context;
  readonly #links: Links;
  readonly #position: Position;
  readonly #events: AttachEvents;
  clientsMax: number;
  role: PeerRole;
  hidden: boolean;
  connected = false;
  registered = false;
  #challenge: Challenge | undefined;
  /** The offer that the root knows. */
  #stated = '';
  /** The attach epoch that the registration named. */
  #statedEpoch = 0;
  #registerAtMs = Infinity;
  /** When to advertise for a parent next; `Infinity` while none is wanted or an answer is due. */
  #askAtMs = Infinity;
  #answerDueMs = Infinity;
  #backupAskAtMs = Infinity;
  /** When a backup is asked for even if people are still coming in. */
  #backupLatestMs = Infinity;
  #backoffMs = 0;
  #wanted = false;
  /** Whether another parent is wanted in place of one that is there. */
  isLeaving = false;
  #complaint: NodeId = noNode;
  #complaintReason: LinkReason = 'none';

  constructor(ctx: Context, links: Links, position: Position, events: AttachEvents) {
    this.#ctx = ctx;
    this.#links = links;
    this.#position = position;
    this.#events = events;
    ({ clientsMax: this.clientsMax, role: this.role, hidden: this.hidden } = ctx.options);
  }

  // The root link.

  rootUp(): void {
    this.connected = true;
    if (!this.#position.everAttached) this.#position.setState('registering');
  }

  rootDown(): void {
    this.connected = false;
    this.registered = false;
    this.#challenge = undefined;
    this.#registerAtMs = Infinity;
    this.#answerDueMs = Infinity;
    this.#backupAskAtMs = Infinity;
    if (this.#wanted) this.#askAtMs = this.#ctx.nowMs;
    // Links whose signals went by the root cannot come up any more.
    for (const link of [...this.#links.all()]) {
      if (link.phase === 'connecting') this.failLink(link, 'failed');
    }
    this.#ctx.treeChanged();
  }

  #challenged(challenge: Challenge): void {
    const { nowMs, factory, rng } = this.#ctx;
    const lostState = this.#position.epoch !== 0 && challenge.epoch !== this.#position.epoch;
    this.#challenge = challenge;
    if (factory.session === noSession) {
      const random = rng.uint32() & 0xffff;
      factory.session = (challenge.rootTimeMs.toString(16).padStart(12, '0').slice(-12) +
        random.toString(16).padStart(4, '0')) as SessionId;
      // A later session under the same key starts above what others remember of the earlier one (rule M5).
      this.#position.attachEpoch = Math.floor(challenge.rootTimeMs / epochUnitMs) % 0x100000000;
    }
    // A root that lost its state hears from everybody at once: spread that out (rule R7). The head and the many below
    // it do not wait for each other, so the head goes first.
    const spreadMs = lostState && this.#position.everAttached && !this.#position.head ? reRegisterJitterMs : 0;
    this.#registerAtMs = nowMs + this.#ctx.jitterMs(spreadMs);
    this.#register();
  }

  #register(): void {
    const { nowMs, factory, options } = this.#ctx;
    if (this.#challenge === undefined || nowMs < this.#registerAtMs) return;
    this.#registerAtMs = Infinity;
    const parent = this.#links.parent();
    this.#ctx.sendRoot(
      factory.newReg({
        room: options.room as never,
        challenge: this.#challenge.challenge,
        origin: options.origin,
        admission: noBytes64,
        clientsMax: this.clientsMax,
        role: this.role,
        hidden: this.hidden,
        head: this.#position.head,
        parent: parent?.remote ?? noNode,
        attachEpoch: this.#position.attachEpoch,
        depth: Math.min(255, this.#position.depth),
        subtreeSize: this.#events.subtreeSize(),
        clients: this.#links.clients().map((link) => link.remote),
        order: this.#ctx.rules.version,
      }),
    );
    this.#challenge = undefined;
    this.#stated = this.#offered();
    this.#statedEpoch = this.#position.attachEpoch;
    this.#answerDueMs = nowMs + rootAnswerTimeoutMs;
  }

  #offered(): string {
    return `${this.clientsMax} ${this.role} ${this.hidden}`;
  }

  #acked(body: Uint8Array): void {
    const answer = regResBody.decode(body);
    if (answer === undefined || !this.connected) return;
    this.registered = true;
    this.#answerDueMs = Infinity;
    this.#position.epoch = answer.epoch;
    this.#position.rootWord.registered(answer.rootTimeMs, this.#ctx.nowMs);
    if (answer.headDenied) this.#events.stepDown();
    this.#tellOffer();
    // Where it hangs may have changed while the answer was on its way.
    this.#events.registered(this.#statedEpoch !== this.#position.attachEpoch, answer.roomSize, answer.order ?? 0);
    if (this.#links.parent() === undefined && !this.#position.head && this.#position.state !== 'left')
      this.want(noNode, 'none');
    this.#ctx.treeChanged();
  }

  // Wanting a parent.

  /** Ask the root for a parent, complaining about the one that failed. */
  want(complaint: NodeId, reason: LinkReason): void {
    this.#wanted = true;
    if (complaint !== noNode) {
      this.#complaint = complaint;
      this.#complaintReason = reason;
    }
    if (this.#links.candidate('parent', 'move') || this.#answerDueMs < Infinity) return;
    this.#askAtMs = Math.min(this.#askAtMs, this.#ctx.nowMs);
    this.#ask();
  }

  /** Asks the root for another parent while the present one stays (rules K5, H10). */
  leave(parent: NodeId, reason: LinkReason): void {
    this.isLeaving = true;
    this.want(parent, reason);
  }

  /** A parent was found: stop asking. */
  satisfied(): void {
    this.isLeaving = false;
    this.#wanted = false;
    this.#askAtMs = Infinity;
    this.#answerDueMs = Infinity;
    this.#backoffMs = 0;
    this.#complaint = noNode;
    this.#complaintReason = 'none';
  }

  #ask(): void {
    const { nowMs } = this.#ctx;
    if (!this.#wanted || !this.registered || nowMs < this.#askAtMs) return;
    this.#askAtMs = Infinity;
    this.#answerDueMs = nowMs + rootAnswerTimeoutMs;
    if (!this.#position.everAttached) this.#position.setState('advertising');
    this.#advertise('parent', this.#complaint, this.#complaintReason);
    // Said once: saying it again would keep the pair apart for as long as there is nobody else.
    this.#complaint = noNode;
    this.#complaintReason = 'none';
  }

  #advertise(purpose: Purpose, complaint: NodeId, reason: LinkReason): void {
    const { attachEpoch } = this.#position;
    this.#ctx.sendRoot(this.#ctx.factory.newAdv({ purpose, complaint, reason, attachEpoch }));
  }

  #retry(afterMs?: number): void {
    this.#answerDueMs = Infinity;
    if (!this.#wanted) return;
    this.#backoffMs = Math.min(backoffMaxMs, Math.max(backoffMinMs, this.#backoffMs * 2));
    const waitMs = afterMs ?? backoffMinMs / 4 + this.#ctx.jitterMs(this.#backoffMs);
    this.#askAtMs = this.#ctx.nowMs + waitMs;
  }

  /** Ask for a backup after some time, and later while the room is growing. */
  wantBackup(delayMs: number): void {
    if (this.#backupAskAtMs < Infinity) return;
    this.#backupAskAtMs = this.#ctx.nowMs + delayMs;
    this.#backupLatestMs = this.#ctx.nowMs + backupWaitMaxMs;
  }

  #askBackup(): void {
    const { nowMs } = this.#ctx;
    if (!this.registered || nowMs < this.#backupAskAtMs) return;
    if (nowMs < this.#backupLatestMs && this.#events.isRoomGrowing()) {
      this.#backupAskAtMs = nowMs + backupDelayMs;
      return;
    }
    this.#backupAskAtMs = Infinity;
    if (!this.#links.backup() && !this.#links.candidate('backup') && this.#position.anchored)
      this.#advertise('backup', noNode, 'none');
  }

  noWish(): void {
    this.satisfied();
    this.#backupAskAtMs = Infinity;
  }

  confirm(purpose: Purpose, target: NodeId, ticket = noTicket): void {
    if (!this.registered) return;
    const { attachEpoch } = this.#position;
    this.#ctx.sendRoot(this.#ctx.factory.newConfirm({ purpose, target, ticket, attachEpoch }));
  }

  offer(clientsMax: number, role: PeerRole, hidden: boolean): void {
    if (clientsMax === this.clientsMax && role === this.role && hidden === this.hidden) return;
    Object.assign(this, { clientsMax, role, hidden });
    this.#tellOffer();
  }

  /** Tells the root what is offered, unless it knows. */
  #tellOffer(): void {
    if (!this.registered || this.#stated === this.#offered()) return;
    this.#stated = this.#offered();
    const { clientsMax, role, hidden } = this;
    this.#ctx.sendRoot(this.#ctx.factory.newOffer({ clientsMax, role, hidden }));
  }

  // Packets from the root.

  packet(packet: VerifiedPacket): void {
    const { type } = packet.header;
    if (type === 'registration' && packet.action === 'push') {
      const challenge = challengeBody.decode(packet.body);
      if (challenge) this.#challenged(challenge);
    } else if (type === 'registration' && packet.action === 'response') {
      this.#acked(packet.body);
    } else if (type === 'advertise' && (packet.action === 'response' || packet.action === 'move')) {
      const assignment = assignmentBody.decode(packet.body);
      if (assignment) this.#assigned(assignment);
    } else if (type === 'error') {
      const error = errorBody.decode(packet.body);
      if (error) this.#refused(error.code);
    }
  }

  #refused(code: ReasonCode): void {
    this.#ctx.emit({ kind: 'error', code });
    // Who hangs in the tree hears it from the owner: the root alone puts nobody out (rule O6).
    if ((code === 'removed' || code === 'locked') && !this.#position.anchored) this.#events.barred(code);
    if (this.#answerDueMs < Infinity) this.#retry();
  }

  #assigned(assignment: AssignmentBody): void {
    const { purpose, result, target, ticket, retryAfterMs } = assignment;
    const asked = this.#answerDueMs < Infinity && purpose !== 'backup';
    if (purpose === 'parent') this.#answerDueMs = Infinity;
    if (result === 'head') {
      this.#events.becomeHead();
    } else if (result === 'none' || result === 'full') {
      if (result === 'full') this.#ctx.emit({ kind: 'error', code: 'full' });
      if (purpose === 'backup') this.#events.noBackup();
      else if (asked) this.#retry(retryAfterMs + this.#ctx.jitterMs(retryAfterMs / 2));
    } else if (target === this.#ctx.self || this.#links.byTicket(ticket)) {
      if (asked) this.#retry();
    } else {
      this.#connect(purpose, target, ticket);
    }
  }

  #connect(purpose: Purpose, target: NodeId, ticket: AssignmentBody['ticket']): void {
    const isBackup = purpose === 'backup';
    if (isBackup && (this.#links.candidate('backup') ?? this.#links.backup())) return;
    // An order to move to the present parent is fulfilled already; an answer to a wish that is over is not taken up.
    if (!isBackup && this.#links.parent()?.remote === target) {
      // Nobody else is there for who wanted to leave.
      if (this.isLeaving) {
        this.satisfied();
        this.confirm('parent', target, ticket);
      }
      return;
    }
    if (purpose === 'parent' && !this.#wanted) return;
    // An order and an answer may cross: the root's last word is the ticket that lives (rule A3).
    const outdated = isBackup ? undefined : this.#links.candidate('parent', 'move');
    if (outdated) this.#links.close(outdated, 'replaced');
    if (!isBackup && !this.#position.everAttached) this.#position.setState('connecting');
    this.#links.open(target, true, purpose, ticket);
    this.#ctx.treeChanged();
  }

  /** A link that this end was making came to nothing. */
  failLink(link: LinkState, reason: LinkReason, gone = false): void {
    if (gone) this.#links.forget(link);
    else this.#links.close(link, reason);
    if (!link.initiator || link.phase === 'open') return;
    this.#ctx.emit({ kind: 'error', code: reason, node: link.remote });
    this.#events.failed(link.purpose, reason);
    if (link.purpose !== 'backup' && this.#wanted) {
      this.#complaint = link.remote;
      this.#complaintReason = reason;
      // A refusal costs one round trip and the root learns from it: ask again at once the first time.
      if (reason.startsWith('refused') && this.#backoffMs === 0) this.#retry(0);
      else this.#retry();
      this.#ask();
    }
  }

  signal(
    packet: VerifiedPacket,
    accept: (from: NodeId, ticket: AssignmentBody['ticket']) => LinkState | undefined,
  ): void {
    const body = signalBody.decode(packet.body);
    if (body?.to !== this.#ctx.self) return;
    const link = this.#links.byTicket(body.ticket) ?? accept(packet.senderId, body.ticket);
    if (link?.remote === packet.senderId) this.#ctx.emit({ kind: 'signalLink', link: link.id, data: body.data });
  }

  // Time.

  dueMs(): number {
    const askMs = this.registered ? Math.min(this.#askAtMs, this.#backupAskAtMs) : Infinity;
    return Math.min(this.#registerAtMs, this.#answerDueMs, askMs);
  }

  timer(): void {
    const { nowMs } = this.#ctx;
    this.#register();
    if (nowMs >= this.#answerDueMs) {
      this.#ctx.emit({ kind: 'error', code: 'deadline' });
      this.#retry();
    }
    this.#ask();
    this.#askBackup();
  }
}
