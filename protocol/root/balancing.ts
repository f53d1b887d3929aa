/** Which peers move so that the tree is as shallow as it can be: pure choices over a room's tree (rule H11). */
import { balanceShareMax } from '../limits.ts';
import { chooseParent, excessOf, leavesMax, mayServe, pressed, type Place } from './placement.ts';
import type { RoomTree, RootNode } from './room-tree.ts';

/** How much deeper than its parent was the one may be that takes a client with its subtree. */
const deeperMax = 2;

/** One move of the balancing. */
export interface Move extends Place {
  readonly node: RootNode;
}

/** Peers one round may move. */
export function movesMax(room: RoomTree): number {
  return Math.max(1, Math.floor(room.nodes.size * balanceShareMax));
}

/** The next move that makes the tree better, or `undefined` when it is as it should be. */
export function chooseMove(room: RoomTree, nowMs: number): Move | undefined {
  return relieve(room, nowMs) ?? lift(room, nowMs);
}

function mayMove(room: RoomTree, node: RootNode | undefined): node is RootNode {
  return node?.socket !== undefined && room.pendingOf(node.id) === undefined;
}

/** A free slot that nobody doubts. */
function freeSlot(room: RoomTree, node: RootNode, nowMs: number): RootNode | undefined {
  const target = chooseParent(room, node, nowMs);
  return target && nowMs >= target.doubtedUntilMs ? target : undefined;
}

/**
 * Clients in excess go to free slots: those that serve nobody first, then the smallest subtree that finds one near, then one
 * without clients. One with a subtree does not go to the bottom: a leaf comes up instead, and what it can serve is the free slot of
 * the next round.
 */
function relieve(room: RoomTree, nowMs: number): Move | undefined {
  let last: Move | undefined;
  for (const id of room.overfull) {
    const node = room.nodes.get(id);
    if (node?.depth === undefined) continue;
    const latest = [...node.clients].reverse().map((one) => room.nodes.get(one));
    const leaving = latest.filter((client) => client && room.pendingOf(client.id) !== undefined).length;
    if (node.clients.size - leaving <= room.capacity(node)) continue;
    // Without a free slot the burden is shared by those that would rather serve nobody (rule A1).
    const isPressed = node.clients.size - leaving > room.mostClients(node);
    const moves: Move[] = [];
    for (const client of latest) {
      if (!mayMove(room, client)) continue;
      const target = freeSlot(room, client, nowMs) ?? (isPressed ? pressed(room, client, nowMs)?.target : undefined);
      if (target) moves.push({ node: client, target, excess: 0 });
    }
    const leaves = moves.filter((move) => move.node.clients.size === 0);
    const nearDepth = node.depth + deeperMax;
    const nearMoves = moves.filter(({ target }) => target.depth !== undefined && target.depth <= nearDepth);
    // A leaf that can serve is worth more where it is: others may go below it.
    const others = nearMoves.filter((one) => one.node.clients.size > 0 || room.capacity(one.node) < 2);
    const move =
      leaves.find((leaf) => room.capacity(leaf.node) === 0) ??
      smallest(room, others.length > 0 ? others : nearMoves) ??
      leaves[0];
    if (move) return move;
    // Beside its only client nothing would be gained: the leaf would hang below it.
    const beside = node.clients.size > 1 ? [...node.clients] : [];
    const near = [node, ...beside.flatMap((one) => room.nodes.get(one) ?? [])];
    // One is on its way here already.
    if (near.some((one) => one.reserved.size > 0)) continue;
    const raised = raise(room, near, nearDepth, nowMs);
    if (raised) return raised;
    last ??= moves[0];
  }
  return last;
}

/** The move of the smallest subtree; among equals the first. */
function smallest(room: RoomTree, moves: readonly Move[]): Move | undefined {
  let best: Move | undefined;
  let bestCount = Infinity;
  for (const move of moves) {
    const count = moves.length > 1 ? room.countBelow(move.node) : 0;
    if (count < bestCount) [best, bestCount] = [move, count];
  }
  return best;
}

/** The deepest leaf that can serve comes to an overfull peer, or to one of its clients. */
function raise(room: RoomTree, near: readonly RootNode[], nearDepth: number, nowMs: number): Move | undefined {
  let looked = 0;
  for (const leaf of room.deepestLeaves()) {
    if (++looked > leavesMax || leaf.depth === undefined || leaf.depth <= nearDepth) return undefined;
    if (!mayMove(room, leaf) || leaf.reserved.size > 0 || room.capacity(leaf) < 2) continue;
    for (const target of near) {
      if (!room.hasSpareSlot(target) || nowMs < target.doubtedUntilMs) continue;
      if (mayServe(room, leaf, target, nowMs)) return { node: leaf, target, excess: excessOf(room, target) };
    }
  }
  return undefined;
}

/** The deepest leaf goes up when a slot is free at least two levels above it. */
function lift(room: RoomTree, nowMs: number): Move | undefined {
  let looked = 0;
  for (const leaf of room.deepestLeaves()) {
    if (++looked > leavesMax) return undefined;
    if (!mayMove(room, leaf) || leaf.reserved.size > 0) continue;
    const target = freeSlot(room, leaf, nowMs);
    if (target?.depth === undefined || leaf.depth === undefined) continue;
    if (target.depth + 1 < leaf.depth) return { node: leaf, target, excess: 0 };
  }
  return undefined;
}
