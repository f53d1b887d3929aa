import { describe, expect, it } from 'vitest';
import type { NodeId } from '../types.ts';
import { RootScript, type ScriptPeer } from './root-script.ts';

/** A room of two clients each, placed one after the other; everybody by id. */
function fullRoom(root: RootScript, count: number): Map<NodeId, ScriptPeer> {
  const peers = Array.from({ length: count }, () => root.join());
  return new Map(peers.map((peer) => [peer.id, peer]));
}

/** Everybody does what it was told last, and who hangs nowhere asks. */
function settle(root: RootScript, peers: ReadonlyMap<NodeId, ScriptPeer>): void {
  for (const peer of peers.values()) {
    const last = peer.assignments().at(-1);
    peer.inbox.length = 0;
    if (last?.purpose === 'move') root.follow(peer, last);
    if (root.parentOf(peer) === undefined && root.view().head !== peer.id) root.follow(peer, root.advertise(peer));
  }
}

function depthMax(root: RootScript): number {
  return Math.max(...[...root.view().nodes.values()].map((node) => node.depth ?? Infinity));
}

describe('a subtree that lost its parent', () => {
  it('[A11] gets one slot in excess higher up rather than a free one at the bottom', () => {
    const root = new RootScript({ balance: false });
    const peers = fullRoom(root, 40);
    const [, uncle, dying] = [...peers.values()];
    const [first] = (root.view().nodes.get(dying?.id as NodeId)?.clients ?? []).map((id) => peers.get(id));
    if (!uncle || !dying || !first) throw new Error('no such room');
    expect([root.depthOf(dying), root.depthOf(first), depthMax(root)]).toEqual([2, 3, 6]);
    // The place of the one that left is taken by one that serves nobody, so that only slots at the bottom are free.
    root.leave(dying).close(dying);
    root.join({ role: 'leaf', clientsMax: 0 });
    const answer = root.advertise(first);
    expect(root.view().nodes.get(answer?.target as NodeId)?.depth).toBeLessThan(3);
    const target = peers.get(answer?.target as NodeId);
    expect(target?.expects().at(-1)?.excess).toBeGreaterThan(0);
    root.follow(first, answer);
    expect(root.depthOf(first)).toBeLessThanOrEqual(3);
  });

  it('[A11] of one peer takes a free slot, wherever it is', () => {
    const root = new RootScript({ balance: false });
    const peers = [...fullRoom(root, 40).values()];
    const leaf = peers.at(-1);
    if (!leaf) throw new Error('no such room');
    const answer = root.advertise(leaf);
    expect(root.view().nodes.get(answer?.target as NodeId)?.clients.length).toBeLessThan(2);
  });

  it('[H11] makes no tree twice as deep when the head leaves, and in the end it is as shallow as it can be', () => {
    const root = new RootScript();
    const peers = fullRoom(root, 100);
    const [head] = peers.values();
    if (!head) throw new Error('no such room');
    expect(depthMax(root)).toBe(7);
    peers.delete(head.id);
    root.leave(head).close(head);
    settle(root, peers);
    let deepest = depthMax(root);
    for (let round = 0; round < 120; round++) {
      root.pass(4_000);
      settle(root, peers);
      deepest = Math.max(deepest, depthMax(root));
    }
    expect(deepest).toBeLessThanOrEqual(9);
    expect(depthMax(root)).toBe(7);
    for (const node of root.view().nodes.values()) expect(node.clients.length).toBeLessThanOrEqual(2);
  });
});

describe('backups', () => {
  it('[H7] of the head’s clients find their one place, though all nephews asked first', () => {
    const root = new RootScript({ balance: false });
    const peers = Array.from({ length: 21 }, () => root.join({ clientsMax: 4 }));
    const backup = (peer: ScriptPeer): NodeId | undefined => {
      const answer = root.advertise(peer, { purpose: 'backup' });
      root.follow(peer, answer);
      return answer?.result === 'node' ? answer.target : undefined;
    };
    const [, heir, second, third, fourth, ...nephews] = peers;
    const found = nephews.map(backup);
    expect(found.every((target) => target !== undefined)).toBe(true);
    expect([second, third, fourth].map((peer) => peer && backup(peer))).toEqual([heir?.id, heir?.id, second?.id]);
    expect(heir && backup(heir)).toBeUndefined();
  });
});
