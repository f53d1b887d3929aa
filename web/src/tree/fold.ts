/** Which branches a picture folds into a count, so that it stays readable. */
import { type NodeId } from '../../../client/api.ts';
import { lineTo, type Shape } from './shape.ts';

/** Peers a large picture shows before it folds branches. */
export const visibleMax = 60;
/** The same for the smallest: fewer say too little to be worth a picture. */
const visibleMin = 24;
/** Room that one peer takes for its initials and a count to be readable, in square CSS pixels. */
const peerArea = 9_000;

/** Peers to show in a picture of this size, in CSS pixels, before branches are folded. */
export function visibleIn(width: number, height: number): number {
  if (width <= 0 || height <= 0) return visibleMax;
  return Math.min(visibleMax, Math.max(visibleMin, Math.floor((width * height) / peerArea)));
}

export interface FoldWishes {
  /** Oneself: the line up to the head and one's own clients stay in sight. */
  readonly self: NodeId | undefined;
  /** Branches somebody opened or folded by hand; these outrank the budget. */
  readonly opened: ReadonlySet<NodeId>;
  readonly closed: ReadonlySet<NodeId>;
  readonly budget: number;
}

/** The peers whose clients are not drawn. Levels open from the top while they fit the budget. */
export function foldedPeers(shape: Shape, wishes: FoldWishes): Set<NodeId> {
  const { self, opened, closed, budget } = wishes;
  const must = new Set<NodeId>();
  if (shape.nodes.size > budget && self !== undefined) for (const id of lineTo(shape, self)) must.add(id);
  for (const id of opened) for (const above of lineTo(shape, id)) must.add(above);

  const folded = new Set<NodeId>();
  let visible = shape.tops.length;
  // What must be open counts first, wherever it is; the rest shares what is left.
  for (const id of must) if (!closed.has(id)) visible += shape.nodes.get(id)?.clients.length ?? 0;
  let level: readonly NodeId[] = shape.tops;
  while (level.length > 0) {
    const next: NodeId[] = [];
    for (const id of level) {
      const node = shape.nodes.get(id);
      if (node === undefined || node.clients.length === 0) continue;
      const wanted = must.has(id);
      if (closed.has(id) || (!wanted && visible + node.clients.length > budget)) {
        folded.add(id);
        continue;
      }
      if (!wanted) visible += node.clients.length;
      next.push(...node.clients);
    }
    level = next;
  }
  return folded;
}
