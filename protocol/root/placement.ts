/** Where a peer goes: pure choices over a room's tree (rules A1, A2, A4, A10, H7, H11). */
import { backupsInMax, balanceShareMax, clientsExcessMax, stableAfterMs } from '../limits.ts';
import type { NodeId } from '../types.ts';
import type { RoomTree, RootNode } from './room-tree.ts';

/** Candidates of one depth that are compared; more would make placing grow with the room. */
const comparedMax = 16;

function isBlocked(asker: RootNode, target: NodeId, nowMs: number): boolean {
  const untilMs = asker.blocked.get(target);
  if (untilMs === undefined) return false;
  if (nowMs < untilMs) return true;
  asker.blocked.delete(target);
  return false;
}

/** Stable peers first, then those with fewest clients. */
function rank(node: RootNode, nowMs: number): number {
  const isStable = node.role === 'relay' || nowMs - node.joinedAtMs >= stableAfterMs;
  return (isStable ? 0 : 100) + node.clients.size + node.reserved.size;
}

function mayServe(room: RoomTree, asker: RootNode, node: RootNode, nowMs: number): boolean {
  return node.id !== asker.id && node.socket !== undefined && !isBlocked(asker, node.id, nowMs) && !room.isBelow(node.id, asker.id);
}

/** The shallowest peer with a free slot for this asker; `visited` counts how many were looked at. */
export function chooseParent(room: RoomTree, asker: RootNode, nowMs: number, visited = { count: 0 }): RootNode | undefined {
  let best: RootNode | undefined;
  let compared = 0;
  for (const node of room.withFreeSlot()) {
    visited.count++;
    if (best && (node.depth !== best.depth || compared >= comparedMax)) break;
    if (node.id === asker.parent || !mayServe(room, asker, node, nowMs)) continue;
    compared++;
    if (!best || rank(node, nowMs) < rank(best, nowMs)) best = node;
  }
  return best;
}

/**
 * What to do when no slot is free by anybody's wish: displace a leaf, or press the shallowest peer into service. Looks at
 * everybody; happens only in rooms that have nothing but leaves.
 */
export function chooseWithoutFreeSlot(room: RoomTree, asker: RootNode, nowMs: number): { target: RootNode; excess: number } | undefined {
  let lastResort: RootNode | undefined;
  for (const node of room.nodes.values()) {
    if (node.depth === undefined) continue;
    const parent = node.parent === undefined ? undefined : room.nodes.get(node.parent);
    const displaces =
      node.id !== asker.id &&
      room.capacity(asker) > 0 &&
      room.capacity(node) === 0 &&
      node.clients.size === 0 &&
      parent !== undefined &&
      parent.clients.size + parent.reserved.size < parent.clientsMax + clientsExcessMax &&
      mayServe(room, asker, parent, nowMs);
    if (displaces) return { target: parent, excess: 1 };
    const isNearer = lastResort?.depth === undefined || node.depth < lastResort.depth;
    if (isNearer && room.lastResortSlots(node) > 0 && mayServe(room, asker, node, nowMs)) lastResort = node;
  }
  return lastResort && { target: lastResort, excess: 0 };
}

/** An uncle; for a peer without clients also a cousin; `undefined` when there is none (rule H7). */
export function chooseBackup(room: RoomTree, asker: RootNode, nowMs: number): RootNode | undefined {
  const parent = asker.parent === undefined ? undefined : room.nodes.get(asker.parent);
  if (parent === undefined || asker.depth === undefined) return undefined;
  const holds = (node: RootNode | undefined): boolean =>
    node?.depth !== undefined && node.backupsIn.size < backupsInMax && mayServe(room, asker, node, nowMs);
  if (parent.id === room.head) {
    const order = [...parent.clients].indexOf(asker.id);
    const number = Math.floor((order - 1) / 2);
    const target = order > 0 ? room.nodes.get([...parent.clients][number] ?? ('' as NodeId)) : undefined;
    return target && holds(target) ? target : undefined;
  }
  const grandparent = parent.parent === undefined ? undefined : room.nodes.get(parent.parent);
  for (const id of grandparent?.clients ?? []) {
    const uncle = room.nodes.get(id);
    if (uncle && id !== parent.id && holds(uncle)) return uncle;
  }
  if (grandparent && holds(grandparent)) return grandparent;
  // Uncles hold two each and have k nephews: who has no clients can close no circle and takes a cousin.
  for (const uncleId of asker.clients.size === 0 ? (grandparent?.clients ?? []) : []) {
    for (const id of uncleId === parent.id ? [] : (room.nodes.get(uncleId)?.clients ?? [])) {
      const cousin = room.nodes.get(id);
      if (cousin && holds(cousin)) return cousin;
    }
  }
  return undefined;
}

/** Who follows the head: its longest-standing client that is there, one that may serve first (rule A4). */
export function chooseHeir(room: RoomTree, clients: Iterable<NodeId>): RootNode | undefined {
  let heir: RootNode | undefined;
  for (const id of clients) {
    const node = room.nodes.get(id);
    if (node?.socket === undefined) continue;
    if (room.capacity(node) > 0) return node;
    heir ??= node;
  }
  return heir;
}

/** One move of the balancing. */
export interface Move {
  readonly node: RootNode;
  readonly target: RootNode;
}

/** Peers one round may move. */
export function movesMax(room: RoomTree): number {
  return Math.max(1, Math.floor(room.nodes.size * balanceShareMax));
}

/** The next move that makes the tree better, or `undefined` when it is as it should be (rule H11). */
export function chooseMove(room: RoomTree, nowMs: number): Move | undefined {
  return relieve(room, nowMs) ?? lift(room, nowMs);
}

/** Clients in excess go to free slots, the latest first. */
function relieve(room: RoomTree, nowMs: number): Move | undefined {
  for (const node of room.nodes.values()) {
    const excess = node.clients.size - Math.max(room.capacity(node), 0);
    if (excess <= 0 || node.depth === undefined) continue;
    for (const id of [...node.clients].reverse()) {
      const client = room.nodes.get(id);
      if (client?.socket === undefined || room.pendingOf(id)) continue;
      const target = chooseParent(room, client, nowMs);
      if (target && target.id !== node.id) return { node: client, target };
    }
  }
  return undefined;
}

/** The deepest leaf goes up when a slot is free at least two levels above it. */
function lift(room: RoomTree, nowMs: number): Move | undefined {
  for (const leaf of room.deepestLeaves()) {
    if (leaf.socket === undefined || room.pendingOf(leaf.id) || leaf.reserved.size > 0) continue;
    const target = chooseParent(room, leaf, nowMs);
    if (target?.depth === undefined || leaf.depth === undefined || target.depth + 1 >= leaf.depth) return undefined;
    return { node: leaf, target };
  }
  return undefined;
}
