/** A picture of the tree as data: where each peer stands, in the picture's own units. */
import { type NodeId } from '../../../client/api.ts';
import { type Shape } from './shape.ts';

/** One peer in the picture. Lengths are in the picture's own units, in which a peer's circle has `radius`. */
export interface Placed {
  readonly id: NodeId;
  readonly x: number;
  readonly y: number;
  /** The peer it hangs from; `undefined` for the head and for loose parts. */
  readonly parent: NodeId | undefined;
  /** Where the edge to the parent begins. For the head that is the root. */
  readonly fromX: number;
  readonly fromY: number;
  readonly depth: number;
  /** Orders the peers of one depth as they stand beside each other: x, or the angle in a crown. */
  readonly across: number;
  readonly clients: number;
  /** Peers in its subtree, itself included. */
  readonly size: number;
  /** Peers below it that are folded away. */
  readonly hidden: number;
  readonly loose: boolean;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Picture {
  /** In the order of their ids: a change of the tree moves no element in the document, which would lose focus. */
  readonly nodes: readonly Placed[];
  readonly root: { readonly x: number; readonly y: number };
  readonly bounds: Box;
  /** Whether there is room for names below the circles. */
  readonly labels: boolean;
  /** Seen from above, in rings around the head, instead of from the side. */
  readonly crown: boolean;
}

/** The size of what the picture is drawn into, in CSS pixels. */
export interface Pane {
  readonly width: number;
  readonly height: number;
}

/** Radius of a peer's circle. */
export const radius = 18;
/** Largest magnification of a small tree. */
export const scaleMax = 1.5;
/** Distance kept around the tree: half a label on the sides. */
export const margin = 46;

/** What d3-hierarchy lays out. */
export interface Datum {
  readonly id: NodeId | undefined;
  /** Number among its leaf siblings; `undefined` when it has clients in the picture. */
  readonly leaf: number | undefined;
  readonly children: readonly Datum[];
}
/** Peers with these ids and everything below them that is not folded. */
export function dataOf(shape: Shape, folded: ReadonlySet<NodeId>, ids: readonly NodeId[]): Datum[] {
  let leaves = 0;
  return ids.map((id) => {
    const clients = folded.has(id) ? [] : (shape.nodes.get(id)?.clients ?? []);
    if (clients.length > 0) return { id, leaf: undefined, children: dataOf(shape, folded, clients) };
    leaves += 1;
    return { id, leaf: leaves - 1, children: [] };
  });
}
