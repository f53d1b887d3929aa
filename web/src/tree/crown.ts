/**
 * A large tree seen from above, as one sees the crown of a banyan: the head in the middle, each depth a ring, leaves hung at
 * staggered lengths. It uses the whole pane where a tree seen from the side would be a thin strip.
 */
import { hierarchy, type HierarchyPointNode, tree } from 'd3-hierarchy';
import { type NodeId } from '../../../client/api.ts';
import { dataOf, type Datum, margin, type Picture, type Placed } from './picture.ts';
import { type Shape } from './shape.ts';

/** Least distance of two rings, and of two circles in one ring. */
const ringMin = 78;
const apartMin = 42;
/** How much farther out each further row of staggered leaves hangs. */
const staggerStep = 44;
/** A part of the turn that stays free at the top, for the root. */
const gapTurn = 0.02;

interface Rings {
  readonly nodes: readonly HierarchyPointNode<Datum>[];
  readonly stagger: number;
  /** Distance of each depth from the middle. */
  readonly ring: readonly number[];
  readonly reach: number;
}

const rowOf = (node: HierarchyPointNode<Datum>, stagger: number) => (node.data.leaf ?? 0) % stagger;
/** The angle of a node, clockwise from the top, in radians. */
const angleOf = (node: HierarchyPointNode<Datum>) => 2 * Math.PI * (gapTurn / 2 + node.x * (1 - gapTurn));

function ringsFor(datum: Datum, stagger: number): Rings {
  const nodes = tree<Datum>()
    .size([1, 1])
    .separation((a, b) => {
      const leaves = a.data.leaf !== undefined && b.data.leaf !== undefined;
      // Rings farther out have more room for the same angle.
      return (leaves && a.parent === b.parent ? 1 / stagger : 1) / a.depth;
    })(hierarchy(datum, (each) => each.children))
    .descendants();

  // How far from the middle each row must be for its circles not to touch.
  const rows = new Map<string, { depth: number; row: number; angles: number[] }>();
  const drops: number[] = [];
  for (const node of nodes) {
    if (node.depth === 0) continue;
    const row = rowOf(node, stagger);
    drops[node.depth] = Math.max(drops[node.depth] ?? 0, row * staggerStep);
    const key = `${node.depth} ${row}`;
    const known = rows.get(key);
    if (known === undefined) rows.set(key, { depth: node.depth, row, angles: [angleOf(node)] });
    else known.angles.push(angleOf(node));
  }
  const before = (depth: number) => drops.slice(1, depth).reduce((sum, drop) => sum + drop, 0);
  let stretch = 1;
  for (const { depth, row, angles } of rows.values()) {
    if (angles.length < 2) continue;
    angles.sort((a, b) => a - b);
    const first = angles[0] ?? 0;
    const least = angles.reduce(
      (most, angle, i) => Math.min(most, (angles[i + 1] ?? first + 2 * Math.PI) - angle),
      2 * Math.PI,
    );
    const needed = apartMin / (2 * Math.sin(Math.min(Math.PI, least) / 2));
    stretch = Math.max(stretch, (needed - before(depth) - row * staggerStep) / (depth * ringMin));
  }
  const ring = Array.from({ length: drops.length }, (_, depth) => depth * ringMin * stretch + before(depth));
  const reach = ring.reduce((most, distance, depth) => Math.max(most, distance + (drops[depth] ?? 0)), 0);
  return { nodes, stagger, ring, reach };
}

/** Lays a forest out in rings. Loose parts stand in the first ring, held by nothing. */
export function layOutCrown(shape: Shape, folded: ReadonlySet<NodeId>): Picture {
  const { head } = shape;
  const loose = shape.tops.filter((id) => id !== head);
  const clients = head === undefined || folded.has(head) ? [] : (shape.nodes.get(head)?.clients ?? []);
  const datum: Datum = { id: head, leaf: undefined, children: dataOf(shape, folded, [...clients, ...loose]) };
  const best = [1, 2, 3, 4]
    .map((stagger) => ringsFor(datum, stagger))
    .reduce((a, b) => (b.reach < a.reach * 0.95 ? b : a));
  const { nodes, ring, reach } = best;

  const at = (node: HierarchyPointNode<Datum>) => {
    const distance = node.depth === 0 ? 0 : (ring[node.depth] ?? 0) + rowOf(node, best.stagger) * staggerStep;
    return { x: distance * Math.sin(angleOf(node)), y: -distance * Math.cos(angleOf(node)) };
  };
  const root = { x: 0, y: -0.62 * (ring[1] ?? ringMin) };
  const placed: Placed[] = [];
  for (const node of nodes) {
    const { id } = node.data;
    const known = id === undefined ? undefined : shape.nodes.get(id);
    if (id === undefined || known === undefined) continue;
    const { x, y } = at(node);
    const isLooseTop = id !== head && known.parent === undefined;
    const from = node.parent === null ? root : isLooseTop ? { x: x * 0.7, y: y * 0.7 } : at(node.parent);
    placed.push({
      id,
      x,
      y,
      parent: known.parent,
      fromX: from.x,
      fromY: from.y,
      depth: known.depth,
      across: angleOf(node),
      clients: known.clients.length,
      size: known.size,
      hidden: folded.has(id) ? known.size - 1 : 0,
      loose: known.loose,
    });
  }
  placed.sort((a, b) => (a.id < b.id ? -1 : 1));
  const side = reach + margin;
  return {
    nodes: placed,
    root,
    bounds: { x: -side, y: -side, width: 2 * side, height: 2 * side },
    labels: false,
    crown: true,
  };
}
