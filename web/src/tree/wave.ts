/** How a message spreads: flooded along the edges of the tree from its sender, one hop after another. */
import { type NodeId } from '../../../client/api.ts';
import { type Shape } from './shape.ts';

/** One crossing of one edge. The edge is named by its lower end. */
export interface Crossing {
  readonly edge: NodeId;
  readonly up: boolean;
  /** 0 for the edges at the sender. */
  readonly hop: number;
}

/** Every edge a message by `sender` crosses, nearest first; none when the sender is not in the picture. */
export function waveFrom(shape: Shape, sender: NodeId): Crossing[] {
  const crossings: Crossing[] = [];
  const queue: { id: NodeId; from: NodeId | undefined; hop: number }[] = [{ id: sender, from: undefined, hop: 0 }];
  for (let i = 0; i < queue.length; i += 1) {
    const step = queue[i];
    const node = step === undefined ? undefined : shape.nodes.get(step.id);
    if (step === undefined || node === undefined) continue;
    const { from, hop } = step;
    if (node.parent !== undefined && node.parent !== from) {
      crossings.push({ edge: node.id, up: true, hop });
      queue.push({ id: node.parent, from: node.id, hop: hop + 1 });
    }
    for (const client of node.clients) {
      if (client === from) continue;
      crossings.push({ edge: client, up: false, hop });
      queue.push({ id: client, from: node.id, hop: hop + 1 });
    }
  }
  return crossings;
}
