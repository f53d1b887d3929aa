/** The tree as a picture needs it: who hangs from whom, how deep, how many below. Total on any input, even a broken one. */
import { type NodeId, type TreePeer } from '../../../client/api.ts';

export interface ShapeNode {
  readonly id: NodeId;
  readonly parent: NodeId | undefined;
  readonly clients: readonly NodeId[];
  /** 1 for the head and for the top of each loose part. */
  readonly depth: number;
  /** Peers in its subtree, itself included. */
  readonly size: number;
  /** In a part that is cut off from the head. */
  readonly loose: boolean;
}

export interface Shape {
  readonly nodes: ReadonlyMap<NodeId, ShapeNode>;
  /** The head first, then the tops of loose parts. */
  readonly tops: readonly NodeId[];
  readonly head: NodeId | undefined;
  /** Levels of the deepest part. */
  readonly height: number;
}

interface Draft {
  readonly id: NodeId;
  parent: NodeId | undefined;
  readonly clients: NodeId[];
  depth: number;
  size: number;
  loose: boolean;
}

const byId = (a: Draft, b: Draft) => (a.id < b.id ? -1 : 1);

/**
 * Makes a forest of what is known. Siblings stand in the order of their ids, so that every page shows the same picture.
 * Reports may contradict each other while the tree changes: an unknown parent makes a loose part, a cycle is cut open.
 */
export function shapeOf(peers: Iterable<TreePeer>, headHint: NodeId | undefined): Shape {
  const drafts = new Map<NodeId, Draft>();
  for (const { id, parent } of peers) drafts.set(id, { id, parent, clients: [], depth: 0, size: 1, loose: true });
  const sorted = [...drafts.values()].sort(byId);
  const tops: Draft[] = [];
  for (const draft of sorted) {
    const parent = draft.parent === undefined ? undefined : drafts.get(draft.parent);
    if (parent === undefined || parent === draft) {
      draft.parent = undefined;
      tops.push(draft);
    } else parent.clients.push(draft.id);
  }

  const order: Draft[] = [];
  const reach = (top: Draft) => {
    top.depth = 1;
    const queue = [top];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      order.push(next);
      for (const id of next.clients) {
        const client = drafts.get(id);
        if (client === undefined || client.depth > 0) continue;
        client.depth = next.depth + 1;
        queue.push(client);
      }
    }
  };
  tops.forEach(reach);
  for (const draft of sorted) {
    if (draft.depth > 0) continue;
    // Only members of a cycle, and what hangs from them, are left.
    const parent = draft.parent === undefined ? undefined : drafts.get(draft.parent);
    parent?.clients.splice(parent.clients.indexOf(draft.id), 1);
    draft.parent = undefined;
    tops.push(draft);
    reach(draft);
  }

  let height = 0;
  for (const draft of order.reverse()) {
    height = Math.max(height, draft.depth);
    if (draft.parent === undefined) continue;
    const parent = drafts.get(draft.parent);
    if (parent !== undefined) parent.size += draft.size;
  }
  const hinted = headHint === undefined ? undefined : tops.find((top) => top.id === headHint);
  const head =
    hinted ?? tops.reduce<Draft | undefined>((best, top) => (top.size > (best?.size ?? 0) ? top : best), undefined);
  if (head !== undefined) {
    const queue = [head.id];
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      const draft = drafts.get(id);
      if (draft === undefined) continue;
      draft.loose = false;
      queue.push(...draft.clients);
    }
  }
  const others = tops.filter((top) => top !== head).sort(byId);
  return {
    nodes: drafts,
    tops: [...(head === undefined ? [] : [head.id]), ...others.map((top) => top.id)],
    head: head?.id,
    height,
  };
}

/** From the top of its part down to a peer, both included; empty when it is unknown. */
export function lineTo(shape: Shape, id: NodeId): NodeId[] {
  const line: NodeId[] = [];
  for (let node = shape.nodes.get(id); node !== undefined;) {
    line.unshift(node.id);
    node = node.parent === undefined ? undefined : shape.nodes.get(node.parent);
  }
  return line;
}
