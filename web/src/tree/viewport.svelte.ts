/** Which part of the picture is seen, and how large. */
import { Spring } from 'svelte/motion';
import { type Box, type Pane, scaleMax } from './picture.ts';

interface View {
  x: number;
  y: number;
  scale: number;
}

const zoomMin = 0.15;
const zoomMax = 4;

export class Viewport {
  readonly #view = new Spring<View>({ x: 0, y: 0, scale: 1 }, { stiffness: 0.1, damping: 0.75, precision: 0.01 });
  /** Follows the whole tree until somebody zooms or pans. */
  follows = $state(true);
  #fitted = false;
  /** No gliding: moves are at once. */
  calm = false;

  get x(): number {
    return this.#view.current.x;
  }
  get y(): number {
    return this.#view.current.y;
  }
  get scale(): number {
    return this.#view.current.scale;
  }
  get transform(): string {
    const { x, y, scale } = this.#view.current;
    return `translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${scale.toFixed(4)})`;
  }
  /** The same for what is no drawing. */
  get cssTransform(): string {
    const { x, y, scale } = this.#view.current;
    return `translate(${x.toFixed(2)}px, ${y.toFixed(2)}px) scale(${scale.toFixed(4)})`;
  }

  /** Shows a box whole, in a pane whose inner part starts at `corner`: in its middle, or, when it `hangs`, not far below the top. */
  fit(box: Box, pane: Pane, corner: { x: number; y: number }, hangs: boolean): void {
    if (pane.width <= 0 || pane.height <= 0) return;
    const scale = Math.min(scaleMax, pane.width / box.width, pane.height / box.height);
    const middle = pane.height / 2 - (box.y + box.height / 2) * scale;
    const view = {
      scale,
      x: corner.x + pane.width / 2 - (box.x + box.width / 2) * scale,
      y: corner.y + (hangs ? Math.min(middle, pane.height * 0.1 - box.y * scale) : middle),
    };
    void this.#view.set(view, { instant: this.calm || !this.#fitted });
    this.#fitted = true;
  }

  /** Zooms by a factor around a point of the pane. */
  zoom(factor: number, at: { x: number; y: number }, glide: boolean): void {
    this.follows = false;
    const { x, y, scale } = this.#view.target;
    const next = Math.min(zoomMax, Math.max(zoomMin, scale * factor));
    const ratio = next / scale;
    const view = { scale: next, x: at.x - (at.x - x) * ratio, y: at.y - (at.y - y) * ratio };
    void this.#view.set(view, { instant: this.calm || !glide });
  }

  pan(dx: number, dy: number): void {
    this.follows = false;
    const { x, y, scale } = this.#view.target;
    void this.#view.set({ scale, x: x + dx, y: y + dy }, { instant: true });
  }
}
