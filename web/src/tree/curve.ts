/** The line of a hanging root: straight down at both ends, swinging between. */

export interface Hang {
  readonly fromX: number;
  readonly fromY: number;
  readonly x: number;
  readonly y: number;
}

/** How far the ends go straight down, as a share of the drop. */
const ease = 0.5;

/** The line as the `d` of an SVG path. */
export function hangingPath({ fromX, fromY, x, y }: Hang): string {
  const drop = (y - fromY) * ease;
  const n = (value: number) => value.toFixed(1);
  return `M${n(fromX)} ${n(fromY)}C${n(fromX)} ${n(fromY + drop)} ${n(x)} ${n(y - drop)} ${n(x)} ${n(y)}`;
}

/** A point on the line; `t` is 0 at the top and 1 at the bottom. */
export function pointOn({ fromX, fromY, x, y }: Hang, t: number): { x: number; y: number } {
  const drop = (y - fromY) * ease;
  const u = 1 - t;
  const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
  return { x: (a + b) * fromX + (c + d) * x, y: a * fromY + b * (fromY + drop) + c * (y - drop) + d * y };
}
