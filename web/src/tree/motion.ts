/** Where everything in the picture is at this moment: one spring a peer, for its circle and for the upper end of its edge. */
import { untrack } from 'svelte';
import { Spring } from 'svelte/motion';
import { type NodeId } from '../../../client/api.ts';
import { type Hang } from './curve.ts';
import { type Picture, type Placed } from './picture.ts';

/** A soft swing that comes to rest in about a second. */
const swing = { stiffness: 0.06, damping: 0.4, precision: 0.05 };

export class Motion {
  readonly #peers = new Map<NodeId, Spring<Hang>>();
  readonly #root = new Spring({ x: 0, y: 0 }, swing);
  #isPlaced = false;

  get root(): { x: number; y: number } {
    return this.#root.current;
  }

  /**
   * Gives every peer of a picture its spring, and gives the picture back: to be called where the picture is made. A spring that
   * were only made while the template reads it would not be followed by that reader, and its edge would never move.
   */
  seat(picture: Picture): Picture {
    for (const node of picture.nodes) this.of(node);
    return picture;
  }

  /**
   * The place of a peer. Newcomers grow out of their parent. The upper end of the edge is sprung with the lower one: as long as
   * the parent stays the same it moves exactly as the parent does, and when the parent changes the edge swings over.
   */
  of(node: Placed): Spring<Hang> {
    let spring = this.#peers.get(node.id);
    if (spring === undefined) {
      const parent = node.parent === undefined ? undefined : this.#peers.get(node.parent);
      // Where the parent is just now; the picture is not made anew when it moves on.
      const { x, y } = untrack(() => parent?.current) ?? { x: node.fromX, y: node.fromY };
      spring = new Spring({ x, y, fromX: x, fromY: y }, swing);
      this.#peers.set(node.id, spring);
    }
    return spring;
  }

  /** Everything begins to move to where a picture has it; `calm` puts it there at once. */
  aim(picture: Picture, calm: boolean): void {
    void this.#root.set(picture.root, { instant: calm || !this.#isPlaced });
    this.#isPlaced = true;
    const gone = new Set(this.#peers.keys());
    for (const node of picture.nodes) {
      gone.delete(node.id);
      const { x, y, fromX, fromY } = node;
      void this.of(node).set({ x, y, fromX, fromY }, { instant: calm });
    }
    for (const id of gone) this.#peers.delete(id);
  }
}
