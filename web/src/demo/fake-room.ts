/** A room that is not there, with the SDK's interface, so that the page can be looked at without a network. Development only. */
import {
  type FileOptions,
  type FileTransfer,
  type JoinDetail,
  type Member,
  type Message,
  type MessageId,
  type Moderation,
  type ModerationChange,
  type NodeId,
  type PacketTrace,
  type Probe,
  type ReasonCode,
  type Room,
  type RoomEvents,
  type RoomState,
  type RoomStats,
  type SendOptions,
  type TreeView,
} from '../../../client/api.ts';
import { type ModerationPorts, RoomModeration } from '../../../client/moderation.ts';
import { fakeIncoming, fakeTransfer } from './fake-files.ts';
import { type FakeWorld } from './fake-world.ts';

type Listener = (event: never) => void;
type Order = Parameters<ModerationPorts['issue']>[0];

const nobody = '0'.repeat(32) as NodeId;

export class FakeRoom implements Room {
  readonly id = 'f'.repeat(64);
  readonly link: string;
  state: RoomState = 'attached';
  detail: JoinDetail = 'attached';
  reason: ReasonCode | undefined = 'none';
  rootReachable = true;
  readonly secureContext = true;
  readonly world: FakeWorld;
  readonly #moderation: RoomModeration;
  #self: Member;
  #tree: TreeView | undefined;
  readonly #listeners = new Map<keyof RoomEvents, Set<Listener>>();
  /** Whether somebody never gets own messages. */
  lags = false;
  readonly #typing = new Set<NodeId>();
  #seq = 0;
  #packetsIn = 0;
  #packetsOut = 0;

  constructor(link: string, world: FakeWorld, self: Member, owner = nobody) {
    this.link = link;
    this.world = world;
    this.#self = self;
    this.#moderation = new RoomModeration({
      room: this.id,
      owner,
      self: self.id,
      here: () => world.members.keys(),
      issue: (order, version) => this.#obey(order, version),
    });
  }

  /** What the owner rules, whoever that is. */
  order(rules: Partial<Omit<Order, 'room'>>): void {
    const none = { locked: false, quiet: false, speakers: [], removed: [], admitted: [] };
    this.#obey({ room: this.id as Order['room'], ...none, ...rules }, 1);
  }

  #obey(order: Order, version: number): void {
    this.#moderation.output(order, version);
    for (const id of order.removed) {
      const member = this.world.members.get(id);
      if (member === undefined) continue;
      for (const orphan of this.world.vanish(id)) this.world.adopt(orphan);
      this.emit('leave', member);
    }
    this.changed();
    this.emit('moderation', this.moderation);
  }

  get moderation(): Moderation {
    return this.#moderation.view;
  }

  get self(): Member {
    return this.#self;
  }
  get members(): ReadonlyMap<NodeId, Member> {
    return this.world.members;
  }
  get tree(): TreeView {
    this.#tree ??= this.#makeTree();
    return this.#tree;
  }

  #makeTree(): TreeView {
    const { id } = this.self;
    const { world } = this;
    const path = world.pathTo(id);
    const clients = world.clientsOf(id);
    const parent = path.at(-2);
    const healing = this.state === 'healing';
    const near = [...clients, ...(parent === undefined ? [] : [parent])];
    return {
      parent: healing ? undefined : (parent ?? id),
      head: path.length === 1 && !healing,
      clients,
      backup: undefined,
      path: healing ? [] : path,
      depth: healing ? 0 : path.length,
      roomSize: world.peers.size,
      peers: new Map(world.peers),
      roundTripMs: new Map(near.map((each) => [each, 4 + (Number.parseInt(each.slice(0, 2), 16) % 60)])),
    };
  }

  emit<K extends keyof RoomEvents>(event: K, value: RoomEvents[K]): void {
    for (const listener of this.#listeners.get(event) ?? []) (listener as (e: RoomEvents[K]) => void)(value);
  }

  on<K extends keyof RoomEvents>(
    event: K,
    listener: (e: RoomEvents[K]) => void,
    options?: { signal?: AbortSignal },
  ): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(listener);
    const end = () => void listeners.delete(listener);
    options?.signal?.addEventListener('abort', end);
    return end;
  }

  safetyTag(member: NodeId): Promise<string> {
    const half = (id: NodeId): string =>
      [0, 5, 10, 15].map((at) => `${Number.parseInt(id.slice(at, at + 5), 16) % 100_000}`.padStart(5, '0')).join(' ');
    return Promise.resolve([this.self.id, member].sort().map(half).join(' '));
  }

  /** The tree changed: tells it. */
  changed(): void {
    this.#tree = undefined;
    this.emit('tree', this.tree);
  }

  setState(state: RoomState, detail: JoinDetail, reason: ReasonCode): void {
    this.state = state;
    this.detail = detail;
    this.reason = reason;
    this.#tree = undefined;
    this.emit('state', { state, detail, reason });
  }

  trace(part: Partial<PacketTrace>): void {
    if (part.direction === 'out') this.#packetsOut += 1;
    else this.#packetsIn += 1;
    this.emit('packet', {
      direction: 'in',
      type: 'message',
      action: 'push',
      peer: 'root',
      sender: this.self.id,
      bytes: 180,
      atMs: Date.now(),
      seq: 0,
      ...part,
    });
  }

  /** Somebody says something: as traces of its packets and a delivered message. */
  say(from: NodeId, text: string, ago = 0, more: Pick<Message, 'to' | 'replyTo'> = {}): MessageId {
    this.#seq += 1;
    const seq = this.#seq;
    const { id } = this.self;
    const hops = this.world.distance(from, id);
    const path = this.world.pathTo(id);
    const near = [...this.world.clientsOf(id), ...(path.length > 1 ? [path.at(-2)] : [])].filter(
      (each) => each !== undefined,
    );
    const cameFrom = near.find((each) => this.world.distance(each, from) < hops);
    const bytes = 150 + text.length;
    if (ago === 0) {
      if (cameFrom !== undefined) this.trace({ direction: 'in', peer: cameFrom, sender: from, bytes, seq });
      for (const each of near)
        if (each !== cameFrom) this.trace({ direction: 'out', peer: each, sender: from, bytes, seq });
    }
    const now = Date.now();
    const message: Message = {
      id: `${from}:0:${seq}:0`,
      from,
      text,
      ...more,
      sentAt: now - ago - hops * 9,
      receivedAt: now,
      hops,
      self: from === id,
    };
    this.types(from, false);
    this.emit('message', message);
    if (message.self) this.#receipts(message);
    return message.id;
  }

  /** An own message gets through to everybody, a few at a time. */
  #receipts({ id, to }: Message): void {
    const of = to === undefined ? this.world.peers.size - 1 : 1;
    const steps = to === undefined ? [0.2, 0.6, this.lags ? 0.9 : 1] : [1];
    for (const [i, share] of steps.entries()) {
      const receipt = { id, reached: Math.floor(of * share), of };
      setTimeout(() => this.emit('receipt', receipt), 250 * (i + 1));
    }
  }

  /** Somebody begins or ceases to type. */
  types(from: NodeId, active: boolean): void {
    if (from === this.self.id || this.#typing.has(from) === active) return;
    if (active) this.#typing.add(from);
    else this.#typing.delete(from);
    this.emit('typing', { from, active });
  }

  /** One sweep of the reunion. */
  sweep(): void {
    const parent = this.world.peers.get(this.self.id)?.parent ?? 'root';
    this.trace({ type: 'reunion', action: 'request', direction: 'out', peer: parent, bytes: 96 });
    this.trace({ type: 'reunion', action: 'response', direction: 'in', peer: parent, bytes: 210 });
    for (const peer of this.world.clientsOf(this.self.id)) {
      this.trace({ type: 'reunion', action: 'request', direction: 'in', peer, sender: peer, bytes: 96 });
      this.trace({ type: 'reunion', action: 'response', direction: 'out', peer, bytes: 226 });
    }
  }

  send(body: string | Uint8Array, { to, replyTo }: SendOptions = {}): Promise<MessageId> {
    const text = typeof body === 'string' ? body : `${body.length} bytes`;
    const more = { ...(to === undefined ? {} : { to }), ...(replyTo === undefined ? {} : { replyTo }) };
    return Promise.resolve(this.say(this.self.id, text, 0, more));
  }

  typing(): void {
    // Nobody is there to see it.
  }

  sendFile(file: Blob | ReadableStream<Uint8Array>, options: FileOptions = {}): FileTransfer {
    this.#seq += 1;
    return fakeTransfer(`${this.self.id}:0:${this.#seq}`, file, options, this.world.peers.size - 1);
  }

  /** Somebody sends a file. */
  give(from: NodeId, name: string, content: Blob): void {
    this.#seq += 1;
    this.emit('file', fakeIncoming(`${from}:0:${this.#seq}`, from, name, content));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- nothing here waits.
  async *messages(): AsyncGenerator<Message> {
    yield* [];
  }

  moderate(change: ModerationChange): Promise<void> {
    return this.#moderation.change(change);
  }

  rename(name: string): Promise<void> {
    this.#self = { ...this.#self, name };
    this.world.members.set(this.#self.id, this.#self);
    this.emit('member', this.#self);
    return Promise.resolve();
  }

  async probe(): Promise<Probe> {
    await new Promise((resolve) => setTimeout(resolve, 180));
    const path = this.tree.path.toReversed();
    return { path, rootReachable: this.rootReachable, tookMs: 6 * path.length };
  }

  stats(): RoomStats {
    return {
      packetsIn: this.#packetsIn,
      packetsOut: this.#packetsOut,
      bytesIn: this.#packetsIn * 190,
      bytesOut: this.#packetsOut * 190,
      delivered: this.#seq,
      duplicates: 0,
      gaps: 0,
      badPackets: 0,
      heals: 1,
      joinMs: 342,
      lastHealMs: 212,
      logPackets: this.#seq,
      logBytes: this.#seq * 190,
      connectionsMade: 4,
      connectionsOpen: 3,
    };
  }

  journal(): string {
    return '{}';
  }

  leave(): Promise<void> {
    this.setState('left', 'attached', 'user');
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }
}
