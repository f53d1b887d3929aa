/** Node ids by depth, so that the shallowest or the deepest is found without a look at the others. */
import type { NodeId } from '../types.ts';

export class Levels {
  readonly #byDepth: Set<NodeId>[] = [];

  put(id: NodeId, depth: number): void {
    while (this.#byDepth.length <= depth) this.#byDepth.push(new Set());
    this.#byDepth[depth]?.add(id);
  }

  take(id: NodeId, depth: number): void {
    this.#byDepth[depth]?.delete(id);
    // A tree that was deep once is not looked through to that depth for ever.
    while (this.#byDepth.at(-1)?.size === 0) this.#byDepth.pop();
  }

  /** Shallowest first; within a depth, whoever was put there first. */
  *downwards(): Generator<NodeId> {
    for (const level of this.#byDepth) yield* level;
  }

  /** Deepest first. */
  *upwards(): Generator<NodeId> {
    for (let depth = this.#byDepth.length - 1; depth > 0; depth--) yield* this.#byDepth[depth] ?? [];
  }
}
