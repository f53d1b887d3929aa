/**
 * The core of a peer: a pure state machine. It owns no socket, timer, clock or random source.
 *
 * Call `handle(input, nowMs)` with each input, then `poll()` until it gives `undefined` and carry out what it gave, in
 * order; `nextTimeoutMs()` says when to hand in `{ kind: 'timer' }`. `view()` may be called at any time.
 *
 * This file only takes inputs and gives outputs. Each concern has its own file beside it: parts.ts puts them together, packets go
 * by packet-dispatch.ts, and what changes this peer's place in the tree by place-changes.ts.
 */
import { sleptAfterMs } from '../limits.ts';
import type { Rng } from '../ports.ts';
import type { LinkId, NodeId, StreamKey } from '../types.ts';
import { PacketFactory, type Origin } from '../wire/packet-factory.ts';
import { Context } from './context.ts';
import type { CoreInput, CoreOutput, LinkView, PeerCounters, PeerOptions, PeerView, PlaceView } from './io.ts';
import type { LinkState } from './links.ts';
import * as packets from './packet-dispatch.ts';
import { assemble, type Parts } from './parts.ts';
import * as place from './place-changes.ts';
import { linkViews, peerView, placeView } from './view.ts';

/** Malformed or wrongly signed packets on one link after which it ends. */
const badPacketsMax = 10;

export class PeerCore {
  readonly factory: PacketFactory;
  readonly #ctx: Context;
  readonly #parts: Parts;
  #lastTurnMs = -Infinity;
  #outputsTaken = 0;

  constructor(origin: Origin, rng: Rng, options: PeerOptions) {
    this.factory = new PacketFactory(origin);
    this.#ctx = new Context(this.factory, rng, options);
    this.#parts = assemble(this.#ctx);
  }

  /** Takes one input at time `nowMs` (monotonic, ms). */
  handle(input: CoreInput, nowMs: number): void {
    this.#ctx.nowMs = nowMs;
    if (this.#parts.position.state === 'left') return;
    if (nowMs - this.#lastTurnMs > sleptAfterMs && this.#isOverdue(sleptAfterMs)) this.#parts.links.afterSleep();
    this.#lastTurnMs = nowMs;
    this.#dispatch(input);
    this.#turn();
    this.#parts.flood.frontiers.tellCaughtUp();
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
    const parts = this.#parts;
    const { state } = parts.position;
    if (state === 'left' || state === 'idle') return undefined;
    const due = Math.min(
      parts.keepAlive.dueMs(),
      parts.attach.dueMs(),
      parts.reunion.dueMs(),
      parts.healing.dueMs(),
      parts.picture.dueMs(),
      parts.flood.dueMs(),
      parts.files.dueMs(),
      parts.receipts.dueMs(),
      parts.typing.dueMs(),
      parts.audit.dueMs(),
    );
    return due === Infinity ? undefined : due;
  }

  counters(): PeerCounters {
    return this.#ctx.counters;
  }

  view(): PeerView {
    return peerView(this.#parts);
  }

  /** What `view()` says but for the picture of the whole room, at little cost. */
  place(): PlaceView {
    return placeView(this.#parts);
  }

  /** The open links alone: what `view()` says of them, at little cost. */
  linkViews(): LinkView[] {
    return linkViews(this.#parts.links);
  }

  /** Whether this peer's log still holds a position of a stream: what a neighbour could get from it. */
  holds(key: StreamKey, seq: number): boolean {
    const state = this.#parts.flood.streams.get(key);
    return state !== undefined && seq >= state.oldest && seq < state.next;
  }

  /** The first position up to `seq` that this peer still has to get of a stream; `undefined` when there is none. */
  lacks(key: StreamKey, seq: number): number | undefined {
    return this.#parts.flood.lacks(key, seq);
  }

  /** Whether a peer has a place in the tree; taken to be so where the picture is not whole (rule S12). */
  knows(node: NodeId): boolean {
    return !this.#parts.picture.isFull || !this.#parts.picture.isDeparted(node);
  }

  get hasLeft(): boolean {
    return this.#parts.position.state === 'left';
  }

  /** Whether another message can be taken. */
  get busy(): boolean {
    return this.#parts.flood.outbox.isFull;
  }

  // Inputs.

  #dispatch(input: CoreInput): void {
    const parts = this.#parts;
    switch (input.kind) {
      case 'rootUp':
        parts.attach.rootUp();
        break;
      case 'rootDown':
        parts.attach.rootDown();
        parts.reunion.rootChanged();
        break;
      case 'rootPacket':
        packets.fromRoot(parts, input.packet, input.attested);
        break;
      case 'linkUp':
        this.#withLink(input.link, (link) => {
          parts.links.up(link, input.binding);
          if (link.initiator) {
            const role = link.purpose === 'backup' ? 'backupOut' : 'parent';
            parts.links.send(link, this.factory.newHello(parts.healing.helloBody(link, role), 'request'));
          }
        });
        break;
      case 'linkDown':
        this.#withLink(input.link, (link) => {
          place.linkEnded(parts, link, 'closed', true);
        });
        break;
      case 'linkSignal':
        this.#withLink(input.link, (link) => {
          if (!parts.attach.registered) return;
          this.#ctx.sendRoot(this.factory.newSignal({ to: link.remote, ticket: link.ticket, data: input.data }));
        });
        break;
      case 'packet':
        this.#withLink(input.link, (link) => {
          packets.fromLink(parts, link, input.packet, input.attested);
        });
        break;
      case 'badPacket':
        this.#withLink(input.link, (link) => {
          parts.links.heard(link);
          if (!input.blame) {
            parts.audit.blame.leftOut(link.id);
            return;
          }
          this.#ctx.counters.badPackets++;
          if (++link.badPackets >= badPacketsMax) place.linkEnded(parts, link, 'bad-packets');
        });
        break;
      case 'linkDrained':
        this.#withLink(input.link, (link) => {
          parts.flood.drained(link, input.bytes);
          parts.files.pump(link);
        });
        break;
      case 'sealed':
        packets.sealed(parts, input.packet);
        break;
      case 'send':
        parts.flood.outbox.send(input.messages, input.timeMs);
        break;
      case 'presence':
        parts.presence.say(input.presence, input.timeMs);
        break;
      case 'typing':
        parts.typing.say({ active: input.active, channel: input.channel }, input.timeMs);
        break;
      case 'order':
        parts.moderation.issue(input.order, input.version, input.timeMs);
        break;
      case 'offer':
        parts.attach.offer(input.clientsMax, input.role, input.hidden);
        break;
      case 'chunkRead':
        this.#withLink(input.link, (link) => {
          parts.files.read(link, input.file, input.index, input.packet);
        });
        break;
      case 'dropFile':
        parts.files.drop(input.file);
        break;
      case 'probe':
        parts.reunion.askWay(input.probe);
        break;
      case 'leave':
        place.leave(parts, input.pause);
        break;
      case 'timer':
        break;
    }
  }

  #withLink(id: LinkId, act: (link: LinkState) => void): void {
    const link = this.#parts.links.get(id);
    // The core may have closed it while the input was on its way.
    if (link) act(link);
  }

  #turn(): void {
    const parts = this.#parts;
    if (parts.position.state === 'left') return;
    parts.keepAlive.timer();
    parts.presence.timer();
    parts.attach.timer();
    parts.reunion.timer();
    parts.healing.timer();
    parts.picture.timer(parts.position.path[0]);
    parts.flood.timer();
    parts.files.timer();
    parts.receipts.timer();
    parts.typing.timer();
    parts.audit.timer();
  }
}
