import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NodeId, type TreePeer } from '../../../client/api.ts';
import { foldedPeers, visibleIn, visibleMax } from './fold.ts';
import { layOut } from './layout.ts';
import { type Picture, radius } from './picture.ts';
import { lineTo, type Shape, shapeOf } from './shape.ts';
import { waveFrom } from './wave.ts';

const pane = { width: 820, height: 760 };
const none: ReadonlySet<NodeId> = new Set();
const nodeId = (n: number) => n.toString(16).padStart(32, '0') as NodeId;

/** A full tree in which each peer serves `k`; peer 0 is the head. */
function fullTree(peers: number, k: number): TreePeer[] {
  return Array.from({ length: peers }, (_, n) => ({
    id: nodeId(n),
    parent: n === 0 ? undefined : nodeId(Math.floor((n - 1) / k)),
  }));
}
const shapeFor = (peers: number, k = 4) => shapeOf(fullTree(peers, k), nodeId(0));
const anyPeers = fc.array(fc.option(fc.nat(40), { nil: undefined }), { maxLength: 40 }).map((parents) =>
  parents.map((parent, n): TreePeer => ({
    id: nodeId(n),
    parent: parent === undefined ? undefined : nodeId(parent),
  })),
);

describe('shapeOf', () => {
  it('counts depth and size', () => {
    const shape = shapeFor(21);
    expect(shape.head).toBe(nodeId(0));
    expect(shape.height).toBe(3);
    expect(shape.nodes.get(nodeId(0))).toMatchObject({ depth: 1, size: 21, loose: false });
    expect(shape.nodes.get(nodeId(2))).toMatchObject({ depth: 2, size: 5 });
    expect(lineTo(shape, nodeId(20))).toEqual([nodeId(0), nodeId(4), nodeId(20)]);
  });

  it('marks what is cut off', () => {
    const peers = fullTree(21, 4).filter((peer) => peer.id !== nodeId(1));
    const shape = shapeOf(peers, nodeId(0));
    expect(shape.tops).toEqual([nodeId(0), nodeId(5), nodeId(6), nodeId(7), nodeId(8)]);
    expect(shape.nodes.get(nodeId(5))?.loose).toBe(true);
    expect(shape.nodes.get(nodeId(20))?.loose).toBe(false);
  });

  it('makes a forest of anything: each peer once, no cycles, sizes that add up', () => {
    fc.assert(
      fc.property(anyPeers, fc.nat(40), (peers, hint) => {
        const shape = shapeOf(peers, nodeId(hint));
        expect(shape.nodes.size).toBe(peers.length);
        const seen: NodeId[] = [];
        const visit = (id: NodeId) => {
          seen.push(id);
          shape.nodes.get(id)?.clients.forEach(visit);
        };
        shape.tops.forEach(visit);
        expect(seen.length).toBe(peers.length);
        expect(new Set(seen).size).toBe(peers.length);
        const total = shape.tops.reduce((sum, id) => sum + (shape.nodes.get(id)?.size ?? 0), 0);
        expect(total).toBe(peers.length);
      }),
    );
  });
});

describe('layOut for a pane', () => {
  it('shows the whole bough of the root, however narrow the tree', () => {
    for (const peers of [1, 2, 5]) {
      const { bounds, root } = layOut(shapeFor(peers), none, { width: 320, height: 600 });
      expect(bounds.x).toBeLessThanOrEqual(root.x - 80);
      expect(bounds.x + bounds.width).toBeGreaterThanOrEqual(root.x + 80);
    }
  });

  it('uses the height of a tall pane for a wide tree that is drawn small', () => {
    const rows = (height: number) => {
      const { nodes } = layOut(shapeFor(50), none, { width: 700, height });
      return Math.max(...nodes.filter((node) => node.depth === 2).map((node) => node.y - node.fromY));
    };
    expect(rows(900)).toBeGreaterThan(1.15 * rows(450));
  });
});

describe('foldedPeers', () => {
  const wishes = { self: nodeId(299), opened: none, closed: none, budget: visibleMax };
  const visible = (shape: Shape, folded: ReadonlySet<NodeId>) => layOut(shape, folded, pane).nodes;

  it('shows fewer peers in a small pane, and as many as ever in one that is not measured yet', () => {
    expect(visibleIn(1_280, 900)).toBe(visibleMax);
    expect(visibleIn(390, 600)).toBe(26);
    expect(visibleIn(200, 100)).toBe(24);
    expect(visibleIn(0, 0)).toBe(visibleMax);
  });

  it('folds nothing that fits', () => {
    expect(foldedPeers(shapeFor(visibleMax), wishes).size).toBe(0);
  });

  it('keeps a picture of 300 within the budget, and oneself with the way to the head in sight', () => {
    const shape = shapeFor(300);
    const nodes = visible(shape, foldedPeers(shape, wishes));
    expect(nodes.length).toBeLessThanOrEqual(visibleMax);
    const ids = new Set(nodes.map((node) => node.id));
    for (const id of lineTo(shape, nodeId(299))) expect(ids).toContain(id);
    expect(nodes.length + nodes.reduce((sum, node) => sum + node.hidden, 0)).toBe(300);
  });

  it('follows what somebody opens or folds by hand', () => {
    const shape = shapeFor(300);
    const [closed] = foldedPeers(shape, wishes);
    if (closed === undefined) throw new Error('nothing folded');
    expect(foldedPeers(shape, { ...wishes, opened: new Set([closed]) })).not.toContain(closed);
    expect(foldedPeers(shape, { ...wishes, closed: new Set([nodeId(0)]) })).toContain(nodeId(0));
    expect(foldedPeers(shape, { ...wishes, budget: Infinity }).size).toBe(0);
  });
});

describe('layOut', () => {
  /** The least distance between two circles' centres. */
  function closest(picture: Picture): number {
    let least = Infinity;
    for (const [i, a] of picture.nodes.entries()) {
      for (const b of picture.nodes.slice(i + 1)) least = Math.min(least, Math.hypot(a.x - b.x, a.y - b.y));
    }
    return least;
  }

  it.each([
    [1, 4],
    [5, 4],
    [7, 2],
    [50, 4],
    [50, 2],
    [60, 8],
  ])('keeps %i peers at k = %i apart, and inside its bounds', (peers, k) => {
    for (const size of [pane, { width: 390, height: 640 }]) {
      const picture = layOut(shapeFor(peers, k), none, size);
      expect(picture.nodes.length).toBe(peers);
      expect(closest(picture)).toBeGreaterThan(2 * radius);
      const { x, y, width, height } = picture.bounds;
      for (const node of picture.nodes) {
        expect(node.x - radius).toBeGreaterThanOrEqual(x);
        expect(node.x + radius).toBeLessThanOrEqual(x + width);
        expect(node.y - radius).toBeGreaterThanOrEqual(y);
        expect(node.y + radius).toBeLessThanOrEqual(y + height);
      }
    }
  });

  it('puts the root above the head, and each peer below its parent', () => {
    const picture = layOut(shapeFor(50), none, pane);
    const byId = new Map(picture.nodes.map((node) => [node.id, node]));
    for (const node of picture.nodes) {
      const parent = node.parent === undefined ? picture.root : byId.get(node.parent);
      expect(parent?.y).toBeLessThan(node.y);
      expect([node.fromX, node.fromY]).toEqual([parent?.x, parent?.y]);
    }
  });

  it.each([
    [300, 4],
    [300, 2],
    [120, 8],
  ])('shows %i peers at k = %i from above, apart and larger than from the side', (peers, k) => {
    const picture = layOut(shapeFor(peers, k), none, pane);
    expect(picture.crown).toBe(true);
    expect(picture.nodes.length).toBe(peers);
    expect(closest(picture)).toBeGreaterThan(2 * radius);
    expect(Math.min(pane.width / picture.bounds.width, pane.height / picture.bounds.height)).toBeGreaterThan(0.25);
    for (const node of picture.nodes) expect(Math.hypot(node.x, node.y)).toBeLessThan(picture.bounds.width / 2);
  });

  it('shows names in a small tree and not in a large one', () => {
    expect(layOut(shapeFor(7, 2), none, pane).labels).toBe(true);
    expect(layOut(shapeFor(60, 2), none, pane).labels).toBe(false);
  });

  it('draws anything', () => {
    fc.assert(
      fc.property(anyPeers, (peers) => {
        const picture = layOut(shapeOf(peers, undefined), none, pane);
        expect(picture.nodes.length).toBe(peers.length);
        expect(picture.nodes.every((node) => Number.isFinite(node.x) && Number.isFinite(node.y))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

describe('waveFrom', () => {
  it('crosses every edge once, in the order of distance', () => {
    const shape = shapeFor(50);
    const crossings = waveFrom(shape, nodeId(30));
    expect(crossings.length).toBe(49);
    expect(new Set(crossings.map((crossing) => crossing.edge)).size).toBe(49);
    expect(crossings[0]).toEqual({ edge: nodeId(30), up: true, hop: 0 });
    const hops = crossings.map((crossing) => crossing.hop);
    expect(hops).toEqual(hops.toSorted((a, b) => a - b));
  });

  it('is nothing for a sender out of sight', () => {
    expect(waveFrom(shapeFor(5), nodeId(99))).toEqual([]);
  });
});
