/** Who is head of a room: the first peer, the heir, the larger of two, or the one that others state (rules A4, R8, H12). */
import { clientsMax } from '../limits.ts';
import type { NodeId } from '../types.ts';
import { chooseHeir } from './placement.ts';
import { newRootNode, type RoomTree, type RootNode } from './room-tree.ts';
import type { Tickets } from './tickets.ts';

export class Heads {
  readonly #tree: RoomTree;
  readonly #tickets: Tickets;
  readonly #isGathering: () => boolean;
  /** Peers that took themselves for head and lost: to be told to move. */
  readonly #rivals = new Set<NodeId>();

  /** `isGathering`: the root lost its state and learns it anew from what peers say (rule R7). */
  constructor(tree: RoomTree, tickets: Tickets, isGathering: () => boolean) {
    this.#isGathering = isGathering;
    this.#tree = tree;
    this.#tickets = tickets;
  }

  get head(): RootNode | undefined {
    return this.#tree.node(this.#tree.head);
  }

  /** A peer says that it is head. Two heads: the larger subtree stays, at equal sizes the lower id (rule R8). */
  claim(node: RootNode): boolean {
    const { head } = this;
    if (head === node) return true;
    if (head !== undefined) {
      const [size, headSize] = [this.#sizeOf(node, head), this.#sizeOf(head, node)];
      if (size < headSize || (size === headSize && node.id > head.id)) return false;
      this.#depose(head);
    }
    this.#tree.setHead(node);
    return true;
  }

  /**
   * What the others said hangs below it, or what it says itself, if that is more: but no more than are here and do not hang below
   * the other (rule R13). A root without state has only its word.
   */
  #sizeOf(node: RootNode, other: RootNode): number {
    const shown = this.#tree.countBelow(node);
    const possible = this.#isGathering() ? Infinity : this.#tree.nodes.size - this.#tree.countBelow(other);
    return Math.max(shown, Math.min(node.subtreeSize, possible));
  }

  #depose(head: RootNode): void {
    this.#tree.detach(head);
    this.#rivals.add(head.id);
  }

  /** Tells those that lost their claim to move below the head. */
  settle(nowMs: number): void {
    for (const id of this.#rivals) {
      const node = this.#tree.nodes.get(id);
      const isSettled = !node || node.parent !== undefined || this.#tree.head === id;
      if (isSettled || this.#tree.pendingOf(id) !== undefined || this.#tickets.order(node, nowMs))
        this.#rivals.delete(id);
    }
  }

  /** A head all of whose clients said that it is dead is head no longer, though its socket seems alive (rule H12). */
  doubt(id: NodeId): void {
    const { head } = this;
    if (head?.id === id && head.clients.size === 0) this.#depose(head);
  }

  /** The head is gone: its heir leads. `asking`: who is being answered just now, and is not given an order besides. */
  follow(clients: readonly NodeId[], asking: NodeId | undefined): void {
    const heir = chooseHeir(this.#tree, clients);
    if (heir && heir.id !== asking) this.#tickets.makeHead(heir, 'move');
  }

  /** An heir that was told to lead says that the head lives: it stays head. */
  revive(id: NodeId): void {
    const node = this.#tree.nodes.get(id);
    if (this.#tree.head === undefined && node && node.parent === undefined && node.socket === undefined)
      this.#tree.setHead(node);
  }

  /**
   * The time in which peers tell a root without state where they hang is over. When they named a head that has not come
   * itself, it is taken at their word: only its own way to the root may be broken. Gives back who was added.
   */
  adopt(nowMs: number): RootNode | undefined {
    if (this.#tree.head !== undefined) return undefined;
    for (const [id, clients] of this.#tree.unknownParents()) {
      if (![...clients].some((client) => this.#tree.nodes.get(client)?.statedDepth === 2)) continue;
      const node = newRootNode(id, nowMs);
      node.absentSinceMs = nowMs;
      // What it offers is not known: nobody is to be taken from it.
      node.clientsMax = clientsMax;
      this.#tree.add(node);
      this.#tree.setHead(node);
      return node;
    }
    return undefined;
  }

  /** Nobody leads and nobody asks: whoever leads the largest part of the room does. */
  elect(): void {
    const tops = [...this.#tree.nodes.values()].filter((node) => node.parent === undefined);
    const order = tops.sort((a, b) => b.subtreeSize - a.subtreeSize).map((node) => node.id);
    const heir = chooseHeir(this.#tree, order);
    if (heir && this.#tree.pendingOf(heir.id) === undefined) this.#tickets.makeHead(heir, 'move');
  }
}
