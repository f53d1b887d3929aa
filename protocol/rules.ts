/**
 * What holds in a room by its owner's word: the newest order, and who may come and speak by it (rules O1 to O4). Peers and root
 * ask the same object, so that both enforce the same.
 */
import { noNode, type NodeId } from './types.ts';
import { orderBody, type OrderBody } from './wire/bodies/order.ts';
import type { VerifiedPacket } from './wire/packet.ts';

export type Barred = 'removed' | 'locked';

export class Rules {
  readonly #room: string;
  /** Id of the owner's key; `noNode` in a room without one. */
  readonly owner: NodeId;
  /** The newest order as its owner signed it. */
  packet: VerifiedPacket<'order'> | undefined;
  order: OrderBody | undefined;
  #speakers: ReadonlySet<NodeId> = new Set();
  #removed: ReadonlySet<NodeId> = new Set();
  #admitted: ReadonlySet<NodeId> = new Set();

  constructor(room: string, owner: NodeId) {
    this.#room = room;
    this.owner = owner;
  }

  /** Version of the newest order; 0 for none. */
  get version(): number {
    return this.packet?.header.seq ?? 0;
  }

  /** Takes a verified order: `forged` when it is not the owner's for this room, `old` when as new a one is known. */
  take(packet: VerifiedPacket<'order'>): 'taken' | 'old' | 'forged' {
    const order = orderBody.decode(packet.body);
    const isOwners = this.owner !== noNode && packet.senderId === this.owner;
    if (order === undefined || !isOwners || order.room !== this.#room || packet.action !== 'push') return 'forged';
    if (packet.header.seq <= this.version) return 'old';
    this.packet = packet;
    this.order = order;
    this.#speakers = new Set(order.speakers);
    this.#removed = new Set(order.removed);
    this.#admitted = new Set(order.admitted);
    return 'taken';
  }

  /** Why somebody may not be here. */
  bars(node: NodeId): Barred | undefined {
    if (node === this.owner || this.order === undefined) return undefined;
    if (this.#removed.has(node)) return 'removed';
    return this.order.locked && !this.#admitted.has(node) ? 'locked' : undefined;
  }

  /** Whether what somebody says is shown. */
  maySpeak(node: NodeId): boolean {
    if (node === this.owner || this.order === undefined) return true;
    return !this.#removed.has(node) && (!this.order.quiet || this.#speakers.has(node));
  }
}
