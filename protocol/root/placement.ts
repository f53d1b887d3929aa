/** Where a peer goes: pure choices over a room's tree (rules A1, A2, A4, A8, A10, A11, H7). */
import { backupsInMax, clientsExcessMax, passedOverMax, stableAfterMs } from '../limits.ts';
import type { NodeId } from '../types.ts';
import { unblock, type RoomTree, type RootNode } from './room-tree.ts';

/** Candidates of one depth that are compared; more would make placing grow with the room. */
const comparedMax = 16;
/** Leaves that are considered for a displacement or a move, for the same reason. */
export const leavesMax = 32;

/** Counts how many nodes a choice looked at. */
export interface Visited {
  count: number;
}

/** Where a peer is to go. `excess`: clients beyond k that the target may take for it. */
export interface Place {
  readonly target: RootNode;
  readonly excess: number;
}

function isBlocked(asker: RootNode, target: NodeId, nowMs: number): boolean {
  const untilMs = asker.blocked.get(target);
  if (untilMs === undefined) return false;
  if (nowMs < untilMs) return true;
  unblock(asker, target);
  return false;
}

/** Whether a link between the two did not come about lately: everybody else is tried first. */
function hasFailed(asker: RootNode, target: NodeId, nowMs: number): boolean {
  return nowMs < (asker.failed.get(target) ?? 0);
}

/** Stable peers first, then those with fewest clients. */
function rank(room: RoomTree, node: RootNode, nowMs: number): number {
  const isStable = node.role === 'relay' || nowMs - node.joinedAtMs >= stableAfterMs;
  return (isStable ? 0 : 100) + room.taken(node);
}

export function mayServe(room: RoomTree, asker: RootNode, node: RootNode, nowMs: number): boolean {
  if (node.id === asker.id || node.socket === undefined || node.depth === undefined) return false;
  return !isBlocked(asker, node.id, nowMs) && !room.mayGetBelow(node.id, asker.id);
}

/** Whether one may serve the other, and no link between them failed lately. */
function maySuit(room: RoomTree, asker: RootNode, node: RootNode, nowMs: number): boolean {
  return !hasFailed(asker, node.id, nowMs) && mayServe(room, asker, node, nowMs);
}

/** The shallowest peer with a free slot for this asker. Those on probation and in doubt come last; `toReach`: none that it failed to reach. */
export function chooseParent(
  room: RoomTree,
  asker: RootNode,
  nowMs: number,
  visited: Visited = { count: 0 },
  toReach = false,
): RootNode | undefined {
  let best: RootNode | undefined;
  let young: RootNode | undefined;
  let doubted: RootNode | undefined;
  let compared = 0;
  let passedOver = 0;
  for (const node of room.withFreeSlot()) {
    visited.count++;
    if (best && (node.depth !== best.depth || compared >= comparedMax)) break;
    if (node.id === asker.parent || !(toReach ? maySuit : mayServe)(room, asker, node, nowMs)) continue;
    if (nowMs < node.doubtedUntilMs) {
      doubted ??= node;
      continue;
    }
    if (nowMs < node.probationUntilMs) {
      // The crowd may have joined to be between others (rule A12).
      if (++passedOver > passedOverMax) break;
      if (!young || (node.depth === young.depth && rank(room, node, nowMs) < rank(room, young, nowMs))) young = node;
      continue;
    }
    compared++;
    if (!best || rank(room, node, nowMs) < rank(room, best, nowMs)) best = node;
  }
  return best ?? young ?? doubted;
}

/**
 * A place for a peer that has none: a free slot, else a leaf's, else with a peer that would rather serve nobody. A peer that
 * brings its subtree is better off one too many higher up than in a free slot at the bottom.
 */
export function choosePlace(
  room: RoomTree,
  asker: RootNode,
  nowMs: number,
  visited: Visited = { count: 0 },
): Place | undefined {
  const target = chooseParent(room, asker, nowMs, visited, true);
  const deepens = target?.depth !== undefined && asker.lastDepth !== undefined && target.depth >= asker.lastDepth;
  if (target && asker.clients.size > 0 && deepens) {
    return squeeze(room, asker, nowMs, visited) ?? { target, excess: 0 };
  }
  if (target) return { target, excess: 0 };
  const place = displace(room, asker, nowMs, visited) ?? pressed(room, asker, nowMs, visited);
  if (place !== undefined || asker.liftable.size + asker.failed.size === 0) return place;
  // In a small room it may have tried or complained about everybody: a parent whose link broke is better than none.
  asker.failed.clear();
  for (const blocked of [...asker.liftable]) unblock(asker, blocked);
  return choosePlace(room, asker, nowMs, visited);
}

/** One slot in excess at a peer no deeper than the asker's parent was, until the balancing makes room (rule A11). */
function squeeze(room: RoomTree, asker: RootNode, nowMs: number, visited: Visited): Place | undefined {
  let best: RootNode | undefined;
  let compared = 0;
  for (const node of room.withSpareSlot()) {
    visited.count++;
    if (node.depth === undefined || node.depth >= (asker.lastDepth ?? 0) || ++compared > comparedMax) break;
    if (best && node.depth !== best.depth) break;
    if (nowMs < node.doubtedUntilMs || !maySuit(room, asker, node, nowMs)) continue;
    if (!best || room.taken(node) < room.taken(best)) best = node;
  }
  return best && { target: best, excess: excessOf(room, best) };
}

/** How many clients beyond its own bound a peer has when it takes one more. */
export function excessOf(room: RoomTree, target: RootNode): number {
  return Math.max(0, room.taken(target) + 1 - room.mostClients(target));
}

/** One slot in excess at the parent of a leaf, which the balancing then moves below the newcomer (rule A10). */
function displace(room: RoomTree, asker: RootNode, nowMs: number, visited: Visited): Place | undefined {
  if (room.capacity(asker) === 0) return undefined;
  let looked = 0;
  for (const leaf of room.idle()) {
    visited.count++;
    if (++looked > leavesMax) return undefined;
    const parent = room.node(leaf.parent);
    if (!parent || leaf.id === asker.id || !maySuit(room, asker, parent, nowMs)) continue;
    const clients = room.taken(parent) + 1;
    if (clients > room.capacity(parent) + clientsExcessMax) continue;
    return { target: parent, excess: excessOf(room, parent) };
  }
  return undefined;
}

/** The shallowest of those that offer nothing (rule A1). */
export function pressed(
  room: RoomTree,
  asker: RootNode,
  nowMs: number,
  visited: Visited = { count: 0 },
): Place | undefined {
  for (const node of room.lastResort()) {
    visited.count++;
    if (maySuit(room, asker, node, nowMs)) return { target: node, excess: 0 };
  }
  return undefined;
}

/** Backups that a client of the head keeps free for its brothers, of whom each has one place only (rule H7). */
function keptForBrothers(room: RoomTree, id: NodeId): number {
  const head = room.node(room.head);
  if (!head?.clients.has(id)) return 0;
  const order = [...head.clients];
  const number = order.indexOf(id);
  let kept = 0;
  for (const brother of [2 * number + 1, 2 * number + 2]) {
    const here = order[brother];
    const isIn = here !== undefined && room.node(here)?.backupTarget === id;
    if (!isIn && brother < Math.max(order.length, room.capacity(head))) kept++;
  }
  return kept;
}

/** An uncle; for a peer without clients also a cousin; `undefined` when there is none (rule H7). */
export function chooseBackup(room: RoomTree, asker: RootNode, nowMs: number): RootNode | undefined {
  const parent = room.node(asker.parent);
  if (parent === undefined || asker.depth === undefined) return undefined;
  const holds = (node: RootNode | undefined, kept = 0): node is RootNode =>
    node !== undefined && node.backupsIn.size + kept < backupsInMax && mayServe(room, asker, node, nowMs);
  if (parent.id === room.head) {
    const order = [...parent.clients];
    const number = order.indexOf(asker.id);
    const target = number > 0 ? room.node(order[Math.floor((number - 1) / 2)]) : undefined;
    return holds(target) ? target : undefined;
  }
  const grandparent = room.node(parent.parent);
  const uncles = [...(grandparent?.clients ?? [])].filter((id) => id !== parent.id);
  // An uncle takes in two more than it serves: brothers that lose their parent together should not all come to one.
  let chosen: RootNode | undefined;
  let chosenLoad = Infinity;
  for (const id of uncles) {
    const uncle = room.node(id);
    if (!holds(uncle, keptForBrothers(room, id))) continue;
    let brothers = 0;
    for (const held of uncle.backupsIn) if (room.node(held)?.parent === asker.parent) brothers++;
    const isDoubted = nowMs < uncle.doubtedUntilMs;
    const load = (isDoubted ? 10_000 : 0) + brothers * 100 + uncle.clients.size * 10 + uncle.backupsIn.size;
    if (load < chosenLoad) [chosen, chosenLoad] = [uncle, load];
  }
  if (chosen) return chosen;
  if (holds(grandparent)) return grandparent;
  // Not every nephew finds an uncle: who has no clients can close no circle and takes a cousin.
  if (asker.clients.size > 0) return undefined;
  for (const id of uncles.flatMap((uncle) => [...(room.node(uncle)?.clients ?? [])])) {
    const cousin = room.node(id);
    if (holds(cousin)) return cousin;
  }
  return undefined;
}

/** Who follows the head: its longest-standing client that is there, one that may serve first (rule A4). */
export function chooseHeir(room: RoomTree, clients: Iterable<NodeId>): RootNode | undefined {
  let heir: RootNode | undefined;
  for (const id of clients) {
    const node = room.node(id);
    if (node?.socket === undefined) continue;
    if (room.capacity(node) > 0) return node;
    heir ??= node;
  }
  return heir;
}
