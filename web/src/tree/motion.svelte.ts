/* eslint svelte/prefer-svelte-reactivity: off -- the map is not watched; the places in it are. */
/**
 * Where everything in the picture is at this moment: a spring for each peer, for its circle and for the upper end of its edge.
 * One loop moves them all, rather than a task for each of 300 springs.
 */
import { untrack } from 'svelte';
import { type NodeId } from '../../../client/api.ts';
import { type Hang } from './curve.ts';
import { type Picture, type Placed } from './picture.ts';

/** A soft swing that comes to rest in about a second. Shares of the way and of the speed, for a 60th of a second. */
const stiffness = 0.06;
const damping = 0.4;
/** Nearer than this, in the picture's units, and slower, a spring is at rest. */
const precision = 0.05;
/** A frame that comes later than this counts as this late, in ms: springs that leap swing too far. */
const frameMsMax = 1_000 / 30;

const parts = ['x', 'y', 'fromX', 'fromY'] as const;

/** Something that moves. What reads `current` is drawn anew when it does. */
export class Place {
  current: Hang;
  #before: Hang;
  #target: Hang;

  constructor(at: Hang) {
    this.current = $state.raw(at);
    this.#before = this.#target = at;
  }

  aim(target: Hang, atOnce: boolean): void {
    this.#target = target;
    if (atOnce) this.current = this.#before = target;
  }

  /** Moves on by this many 60ths of a second. Tells whether it still moves. */
  step(beats: number): boolean {
    const { current } = this;
    const before = this.#before;
    const target = this.#target;
    if (current === target) return false;
    const next = { x: 0, y: 0, fromX: 0, fromY: 0 };
    let isMoving = false;
    for (const part of parts) {
      const speed = (current[part] - before[part]) / beats;
      const away = target[part] - current[part];
      const move = (speed + (stiffness * away - damping * speed)) * beats;
      next[part] = current[part] + move;
      if (Math.abs(move) >= precision || Math.abs(away) >= precision) isMoving = true;
    }
    this.#before = isMoving ? current : target;
    this.current = isMoving ? next : target;
    return isMoving;
  }
}

export class Motion {
  readonly #peers = new Map<NodeId, Place>();
  readonly #root = new Place({ x: 0, y: 0, fromX: 0, fromY: 0 });
  #isPlaced = false;
  #frame: number | undefined;
  #lastMs = 0;

  get root(): { x: number; y: number } {
    return this.#root.current;
  }

  /**
   * Gives every peer of a picture its place, and gives the picture back: to be called where the picture is made. A place that
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
  of(node: Placed): Place {
    let place = this.#peers.get(node.id);
    if (place === undefined) {
      const parent = node.parent === undefined ? undefined : this.#peers.get(node.parent);
      // Where the parent is just now; the picture is not made anew when it moves on.
      const { x, y } = untrack(() => parent?.current) ?? { x: node.fromX, y: node.fromY };
      place = new Place({ x, y, fromX: x, fromY: y });
      this.#peers.set(node.id, place);
    }
    return place;
  }

  /** Everything begins to move to where a picture has it; `calm` puts it there at once. */
  aim(picture: Picture, calm: boolean): void {
    const { x, y } = picture.root;
    this.#root.aim({ x, y, fromX: x, fromY: y }, calm || !this.#isPlaced);
    this.#isPlaced = true;
    const gone = new Set(this.#peers.keys());
    for (const node of picture.nodes) {
      gone.delete(node.id);
      this.of(node).aim({ x: node.x, y: node.y, fromX: node.fromX, fromY: node.fromY }, calm);
    }
    for (const id of gone) this.#peers.delete(id);
    if (calm || this.#frame !== undefined) return;
    this.#lastMs = performance.now();
    this.#frame = requestAnimationFrame((nowMs) => this.#turn(nowMs));
  }

  /** Everything stays where it is from now on. */
  stop(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
  }

  #turn(nowMs: number): void {
    // The first frame may have begun before what asked for it.
    const beats = Math.min(Math.max(nowMs - this.#lastMs, 1), frameMsMax) * 0.06;
    this.#lastMs = nowMs;
    let isMoving = this.#root.step(beats);
    for (const place of this.#peers.values()) if (place.step(beats)) isMoving = true;
    this.#frame = isMoving ? requestAnimationFrame((laterMs) => this.#turn(laterMs)) : undefined;
  }
}
