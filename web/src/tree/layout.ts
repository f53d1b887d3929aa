/** Where each peer stands in the picture: d3-hierarchy's tidy tree, with leaves hung at staggered lengths like aerial roots. */
import { hierarchy, type HierarchyPointNode, tree } from 'd3-hierarchy';
import { type NodeId } from '../../../client/api.ts';
import { layOutCrown } from './crown.ts';
import { dataOf, type Datum, margin, type Pane, type Picture, type Placed, scaleMax } from './picture.ts';
import { type Shape } from './shape.ts';

/** Least distance of two levels, and the most that a tall pane stretches it to: on the screen, where a large tree is drawn small. */
const rowMin = 84;
const rowMax = 150;
/** A tree drawn smaller than this is stretched no further. */
const stretchFromScale = 0.5;
/** The root stands this share of a row above the head. */
const headDrop = 0.8;
/** How much lower each further row of staggered leaves hangs. */
const staggerDrop = 52;
/** Half the width of the bough that is drawn around the root. */
const boughHalf = 86;
/** Room for a circle and the name beside it, from the circle's centre. */
const besideLabel = 116;
/** Below this scale names cannot be read, so a layout that has no room for them is better. */
const labelScaleMin = 0.82;

/** A tree that would be smaller than this is seen from above, if that makes it so much larger. */
const crownBelowScale = 0.42;
const crownGain = 1.25;

interface Plan {
  readonly gap: number;
  readonly stagger: number;
  readonly labels: boolean;
}
const plans: readonly Plan[] = [
  { gap: 96, stagger: 1, labels: true },
  { gap: 56, stagger: 2, labels: true },
  { gap: 46, stagger: 1, labels: false },
  { gap: 26, stagger: 2, labels: false },
  { gap: 19, stagger: 3, labels: false },
];

interface Spread {
  readonly plan: Plan;
  readonly nodes: readonly HierarchyPointNode<Datum>[];
  readonly minX: number;
  readonly width: number;
}

function spread(datum: Datum, plan: Plan): Spread {
  const wide = (node: HierarchyPointNode<Datum>) =>
    !plan.labels ? 46 : node.data.leaf === undefined ? besideLabel : 96;
  const laid = tree<Datum>()
    .nodeSize([1, 1])
    .separation((a, b) => {
      const leaves = a.data.leaf !== undefined && b.data.leaf !== undefined;
      if (leaves && a.parent === b.parent) return plan.gap;
      return Math.max(wide(a), wide(b), plan.gap);
    })(hierarchy(datum, (each) => each.children));
  const nodes = laid.descendants().filter((node) => node.depth > 0);
  let minX = Infinity;
  let maxX = -Infinity;
  for (const node of nodes) {
    minX = Math.min(minX, node.x);
    maxX = Math.max(maxX, node.x);
  }
  if (nodes.length === 0) minX = maxX = 0;
  return { plan, nodes, minX, width: maxX - minX };
}

function rowsIn(spreadOut: Spread): number {
  return spreadOut.nodes.reduce((most, node) => Math.max(most, node.depth), 1);
}

/** Height of the levels: as much as fills the pane at the width's scale, within bounds. */
function rowHeight(spreadOut: Spread, pane: Pane): { row: number; scale: number } {
  const { stagger } = spreadOut.plan;
  const least = rowMin + (stagger - 1) * staggerDrop;
  const rows = rowsIn(spreadOut);
  const scaleX = Math.min(scaleMax, pane.width / (spreadOut.width + 2 * margin));
  const room = (pane.height / scaleX - 2 * margin) / (rows - 1 + headDrop);
  const most = rowMax / Math.min(1, Math.max(stretchFromScale, scaleX));
  const row = Math.min(Math.max(room, least), Math.max(most, least));
  const scaleY = pane.height / (row * (rows - 1 + headDrop) + 2 * margin);
  return { row, scale: Math.min(scaleX, scaleY) };
}

/** Lays a forest out for a pane of this size (CSS pixels), choosing the spacing that keeps it most readable. */
export function layOut(shape: Shape, folded: ReadonlySet<NodeId>, pane: Pane): Picture {
  const datum: Datum = { id: undefined, leaf: undefined, children: dataOf(shape, folded, shape.tops) };
  let best: { spreadOut: Spread; row: number; scale: number; score: number } | undefined;
  for (const plan of plans) {
    const spreadOut = spread(datum, plan);
    const { row, scale } = rowHeight(spreadOut, pane);
    if (plan.labels && scale >= labelScaleMin) {
      best = { spreadOut, row, scale, score: scale };
      break;
    }
    // Without stagger is calmer: a deeper one must earn its place.
    const score = plan.labels ? 0 : scale * (1 - 0.1 * (plan.stagger - 1));
    if (best === undefined || score > best.score) best = { spreadOut, row, scale, score };
  }
  if (best === undefined) throw new Error('there is always a plan');
  if (best.scale < crownBelowScale) {
    const crown = layOutCrown(shape, folded);
    const scale = Math.min(pane.width / crown.bounds.width, pane.height / crown.bounds.height);
    if (scale > best.scale * crownGain) return crown;
  }
  return place(shape, folded, best.spreadOut, best.row);
}

function place(shape: Shape, folded: ReadonlySet<NodeId>, spreadOut: Spread, row: number): Picture {
  const { plan, minX, width } = spreadOut;
  const yOf = (node: HierarchyPointNode<Datum>) => {
    const isLoose = node.data.id !== undefined && shape.nodes.get(node.data.id)?.loose === true;
    const drop = node.depth > 1 ? ((node.data.leaf ?? 0) % plan.stagger) * staggerDrop : 0;
    // A loose part hangs a little lower than its place, so that it is seen to hang in the air.
    return (node.depth - 1 + headDrop) * row + drop + (isLoose ? row / 2 : 0);
  };
  const headNode = spreadOut.nodes.find((node) => node.data.id === shape.head);
  const root = { x: headNode?.x ?? minX + width / 2, y: 0 };
  const nodes: Placed[] = [];
  let maxY = row;
  for (const node of spreadOut.nodes) {
    const { id } = node.data;
    const known = id === undefined ? undefined : shape.nodes.get(id);
    if (id === undefined || known === undefined) continue;
    const y = yOf(node);
    maxY = Math.max(maxY, y);
    const above = node.depth > 1 ? node.parent : null;
    const isLooseTop = above === null && id !== shape.head;
    nodes.push({
      id,
      x: node.x,
      y,
      parent: known.parent,
      fromX: above === null ? (isLooseTop ? node.x : root.x) : above.x,
      fromY: above === null ? (isLooseTop ? y - row * 0.45 : root.y) : yOf(above),
      depth: known.depth,
      across: node.x,
      clients: known.clients.length,
      size: known.size,
      hidden: folded.has(id) ? known.size - 1 : 0,
      loose: known.loose,
    });
  }
  // Names stand beside peers that have clients, and may reach further than the peers themselves.
  const right = nodes.reduce(
    (most, node) => Math.max(most, node.x + (plan.labels && node.clients > 0 ? besideLabel : margin)),
    Math.max(minX + width + margin, root.x + boughHalf),
  );
  const left = Math.min(minX - margin, root.x - boughHalf);
  nodes.sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    nodes,
    root,
    bounds: { x: left, y: -margin * 0.9, width: right - left, height: maxY + margin * 1.9 },
    labels: plan.labels,
    crown: false,
  };
}
