import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeId, RoomId, TicketId } from '../types.ts';
import { chooseParent, choosePlace, type Visited } from './placement.ts';
import { newRootNode, RoomTree, type RootNode } from './room-tree.ts';

const idOf = (number: number): NodeId => number.toString(16).padStart(32, '0') as NodeId;

/** Everything the tables say, found by looking at all nodes. */
function depthsByWalking(tree: RoomTree): Map<NodeId, number> {
  const depths = new Map<NodeId, number>();
  const walk = (id: NodeId, depth: number): void => {
    depths.set(id, depth);
    for (const client of tree.nodes.get(id)?.clients ?? []) walk(client, depth + 1);
  };
  if (tree.head !== undefined) walk(tree.head, 1);
  return depths;
}

/** What does not agree with what. */
function contradictions(tree: RoomTree): string[] {
  const found: string[] = [];
  const depths = depthsByWalking(tree);
  const held = new Map<NodeId, number>();
  for (const { target, purpose, isConfirmed } of tree.reservations.values()) {
    if (purpose !== 'backup' && !isConfirmed) held.set(target, (held.get(target) ?? 0) + 1);
  }
  for (const node of tree.nodes.values()) {
    if (node.depth !== depths.get(node.id)) found.push(`depth of ${node.id}`);
    if (node.parent !== undefined && tree.nodes.get(node.parent)?.clients.has(node.id) === false)
      found.push(`edge above ${node.id}`);
    for (const client of node.clients)
      if (tree.nodes.get(client)?.parent !== node.id) found.push(`edge below ${node.id}`);
    if (node.reserved.size !== (held.get(node.id) ?? 0)) found.push(`slots held at ${node.id}`);
    for (const ticket of node.tickets) if (!tree.reservations.has(ticket)) found.push(`ticket of ${node.id}`);
    for (const other of node.backupsIn)
      if (tree.nodes.get(other)?.backupTarget !== node.id) found.push(`backup at ${node.id}`);
    if (tree.isBelow(node.parent ?? ('' as NodeId), node.id)) found.push(`circle at ${node.id}`);
  }
  const nodes = [...tree.nodes.values()];
  const anchored = nodes.filter((node) => node.depth !== undefined);
  const expected = {
    free: anchored.filter((node) => node.socket !== undefined && tree.taken(node) < tree.capacity(node)),
    leaves: anchored.filter((node) => node.clients.size === 0 && (node.depth ?? 0) > 0),
    overfull: anchored.filter((node) => node.clients.size > tree.capacity(node)),
  };
  const same = (a: Iterable<RootNode>, b: Iterable<RootNode>): boolean => {
    const ids = (all: Iterable<RootNode>): string =>
      [...all]
        .map((node) => node.id)
        .sort()
        .join();
    return ids(a) === ids(b);
  };
  if (!same(tree.withFreeSlot(), expected.free)) found.push('table of free slots');
  if (!same(tree.deepestLeaves(), expected.leaves)) found.push('table of leaves');
  if (
    !same(
      [...tree.overfull].flatMap((id) => tree.nodes.get(id) ?? []),
      expected.overfull,
    )
  )
    found.push('table of the overfull');
  if (tree.anchoredCount !== anchored.length) found.push('count of the anchored');
  return found;
}

describe('room tree', () => {
  it('[A2] [A3] its tables agree with its nodes after anything, and nothing hangs in a circle', () => {
    const step = fc.record({ what: fc.nat(9), a: fc.nat(9), b: fc.nat(11) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const tree = new RoomTree('r' as RoomId);
        let ticket = 0;
        for (const { what, a, b } of steps) {
          let node = tree.nodes.get(idOf(a));
          if (node === undefined) {
            node = newRootNode(idOf(a), 0);
            Object.assign(node, { socket: a, clientsMax: b % 4, role: b === 5 ? 'leaf' : 'peer' });
            tree.add(node);
          }
          const other = tree.nodes.get(idOf(b));
          if (what <= 2) tree.attach(node, idOf(b));
          else if (what === 3) tree.detach(node);
          else if (what === 4) tree.setHead(node);
          else if (what === 5) tree.remove(node);
          else if (what === 6 && other && other !== node)
            tree.reserve(`${ticket++}` as TicketId, b % 3 === 0 ? 'backup' : 'parent', node, other, 0);
          else if (what === 7) {
            const [oldest] = tree.reservations.values();
            if (oldest && b % 2 === 0) tree.release(oldest);
            else if (oldest) tree.confirm(oldest);
          } else if (what === 8) {
            node.socket = b % 2 === 0 ? undefined : a;
            node.hidden = b % 3 === 0;
            node.stated.clear();
            if (b > 9) node.stated.add(idOf(b));
            tree.refresh(node);
          }
          expect(contradictions(tree)).toEqual([]);
        }
        for (const node of [...tree.nodes.values()]) tree.remove(node);
        expect([tree.reservations.size, tree.anchoredCount, [...tree.unknownParents()].length]).toEqual([0, 0, 0]);
      }),
      { numRuns: 400 },
    );
  });

  it('[A1] a choice is as shallow as any that is allowed', () => {
    const shape = fc.array(
      fc.record({ parent: fc.nat(1_000), clientsMax: fc.nat(3), leaf: fc.boolean(), blocked: fc.boolean() }),
      {
        minLength: 1,
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(shape, fc.nat(60), (others, chosen) => {
        const tree = new RoomTree('r' as RoomId);
        const nodes = others.map(({ clientsMax, leaf }, i) => {
          const node = newRootNode(idOf(i + 1), 0);
          Object.assign(node, { socket: i, clientsMax, role: leaf ? 'leaf' : 'peer' });
          tree.add(node);
          return node;
        });
        tree.setHead(nodes[0] as RootNode);
        for (const [i, { parent }] of others.entries())
          if (i > 0) tree.attach(nodes[i] as RootNode, idOf((parent % i) + 1));
        const asker = nodes[chosen % nodes.length] as RootNode;
        for (const [i, { blocked }] of others.entries()) if (blocked) asker.blocked.set(idOf(i + 1), 100);
        tree.detach(asker);
        const allowed = (node: RootNode): boolean => node.depth !== undefined && !asker.blocked.has(node.id);
        const depths = nodes
          .filter((node) => allowed(node) && tree.taken(node) < tree.capacity(node))
          .map((node) => node.depth ?? 0);
        const target = chooseParent(tree, asker, 50);
        expect(target?.depth).toBe(depths.length === 0 ? undefined : Math.min(...depths));
        const place = choosePlace(tree, asker, 50);
        expect(place !== undefined).toBe(
          nodes.some((node) => allowed(node) && tree.taken(node) < Math.max(tree.capacity(node), 2)) ||
            place?.excess === 1 ||
            place?.excess === 2,
        );
        // Rule A9, whoever is displaced.
        if (place) expect(tree.taken(place.target) + 1).toBeLessThanOrEqual(Math.max(place.target.clientsMax, 0) + 2);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('cost of placing', () => {
  /** Most nodes that one choice looked at while a room grew to this size. */
  function mostLookedAt(size: number, share: { leaves: number }): { looked: number; deepest: number } {
    const tree = new RoomTree('r' as RoomId);
    const visited: Visited = { count: 0 };
    let looked = 0;
    let deepest = 0;
    for (let i = 1; i <= size; i++) {
      const node = newRootNode(idOf(i), 0);
      Object.assign(node, { socket: i, clientsMax: 4, role: (i * 7) % 100 < share.leaves ? 'leaf' : 'peer' });
      tree.add(node);
      visited.count = 0;
      const place = choosePlace(tree, node, 0, visited);
      if (place) tree.attach(node, place.target.id);
      else tree.setHead(node);
      looked = Math.max(looked, visited.count);
      deepest = Math.max(deepest, node.depth ?? 0);
    }
    return { looked, deepest };
  }

  it('[A1] looks at no more peers in a room of 10,000 than in one of 1,000, be they peers, phones or both', () => {
    for (const leaves of [0, 50, 100]) {
      const [small, large] = [mostLookedAt(1_000, { leaves }), mostLookedAt(10_000, { leaves })];
      expect(large.looked).toBeLessThanOrEqual(Math.max(64, small.looked * 1.4));
      expect(large.deepest).toBeLessThanOrEqual(small.deepest + 4);
    }
  });
});
