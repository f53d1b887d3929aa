import { describe, expect, it } from 'vitest';
import { joinBurstSeconds, passedOverMax, probationMs, roomJoinsPerSecondMax } from '../limits.ts';
import { chooseParent, type Visited } from './placement.ts';
import { newRootNode, RoomTree, type RootNode } from './room-tree.ts';
import { RootScript, type ScriptPeer } from './root-script.ts';

const crowd = roomJoinsPerSecondMax * joinBurstSeconds;

/** As many as may come at once, and a few more: all with room for clients, but only the first ones old. */
function crowded(root: RootScript): { first: ScriptPeer[]; young: ScriptPeer[] } {
  const first = [root.join({ clientsMax: 8 }), root.join({ clientsMax: 8 }), root.join({ clientsMax: 8 })];
  root.pass(probationMs);
  // Leaves fill the rate and take slots of the first ones only.
  const leaves = Array.from({ length: crowd }, () => root.newPeer());
  for (const leaf of leaves) root.register(leaf, { clientsMax: 0, role: 'leaf' });
  const young = Array.from({ length: 4 }, () => root.join({ clientsMax: 8 }));
  return { first, young };
}

describe('a crowd of newcomers', () => {
  it('[A12] is given no clients while somebody older has room, however much higher up the young ones are', () => {
    const root = new RootScript();
    const { first, young } = crowded(root);
    const old = new Set(first.map(({ id }) => id));
    const ids = new Set(young.map(({ id }) => id));
    const parents = Array.from({ length: 8 }, () => root.parentOf(root.join({ clientsMax: 0 })));
    expect(parents.every((parent) => parent !== undefined && old.has(parent) && !ids.has(parent))).toBe(true);
  });

  it('[A12] serves when nobody else has room, so that everybody finds a place', () => {
    const root = new RootScript();
    crowded(root);
    const late = Array.from({ length: 40 }, () => root.join({ clientsMax: 8 }));
    expect(late.every((peer) => root.parentOf(peer) !== undefined && root.depthOf(peer) !== undefined)).toBe(true);
  });

  it('[A12] is no crowd any more after a while, and serves like all', () => {
    const root = new RootScript();
    const { young } = crowded(root);
    // The older ones fill up; later the young ones are the shallowest, and take their turn.
    root.pass(probationMs);
    const parents = new Set(Array.from({ length: 30 }, () => root.parentOf(root.join({ clientsMax: 0 }))));
    expect(young.some(({ id }) => parents.has(id))).toBe(true);
  });

  it('[A12] is none below the rate: a class that comes at once is placed as ever', () => {
    const root = new RootScript();
    const peers = Array.from({ length: 30 }, () => root.join({ clientsMax: 2 }));
    expect(Math.max(...peers.map((peer) => root.depthOf(peer) ?? Infinity))).toBe(5);
  });

  it('[A12] is looked through no further than a bound', () => {
    const tree = new RoomTree('a'.repeat(64) as never);
    const nodeOf = (number: number, clientsMax: number, probationUntilMs: number): RootNode => {
      const node = newRootNode(number.toString(16).padStart(32, '0') as never, 0);
      Object.assign(node, { socket: number, clientsMax, probationUntilMs });
      tree.add(node);
      return node;
    };
    const head = nodeOf(1, 500, 0);
    tree.setHead(head);
    for (let i = 2; i < 502; i++) tree.attach(nodeOf(i, 4, 10_000), head.id);
    const asker = nodeOf(900, 4, 0);
    const visited: Visited = { count: 0 };
    expect(chooseParent(tree, asker, 1_000, visited)?.parent).toBe(head.id);
    expect(visited.count).toBeLessThanOrEqual(passedOverMax + 2);
  });
});
