/** The line of a hanging root: straight down at both ends, swinging between, thick above and thin below. */

export interface Hang {
  readonly fromX: number;
  readonly fromY: number;
  readonly x: number;
  readonly y: number;
}

/** How far the ends go straight down, as a share of the drop. */
const ease = 0.52;
/** Points on each side of a drawn root. */
const samples = 20;

const n = (value: number) => value.toFixed(1);

/** The line as the `d` of an SVG path. */
export function hangingPath({ fromX, fromY, x, y }: Hang): string {
  const drop = (y - fromY) * ease;
  return `M${n(fromX)} ${n(fromY)}C${n(fromX)} ${n(fromY + drop)} ${n(x)} ${n(y - drop)} ${n(x)} ${n(y)}`;
}

/** A point on the line; `t` is 0 at the top and 1 at the bottom. */
export function pointOn({ fromX, fromY, x, y }: Hang, t: number): { x: number; y: number } {
  const drop = (y - fromY) * ease;
  const u = 1 - t;
  const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
  return { x: (a + b) * fromX + (c + d) * x, y: a * fromY + b * (fromY + drop) + c * (y - drop) + d * y };
}

/** The outline of a root of this thickness: it flares where it leaves its bough and thins out below. */
export function rootShape(hang: Hang, thickness: number): string {
  const { fromX, fromY, x, y } = hang;
  const drop = (y - fromY) * ease;
  const left: string[] = [];
  const right: string[] = [];
  for (let i = 0; i <= samples; i += 1) {
    const t = i / samples;
    const u = 1 - t;
    const at = pointOn(hang, t);
    // The derivative of the cubic gives the direction; half the thickness goes to either side of it.
    const dx = 6 * u * t * (x - fromX);
    const dy = 3 * u * u * drop + 6 * u * t * (y - fromY - 2 * drop) + 3 * t * t * drop;
    const length = Math.hypot(dx, dy) || 1;
    const half = (thickness * (0.78 + 0.9 * u * u * u + 0.22 * u)) / 2;
    const [sideX, sideY] = [(-dy / length) * half, (dx / length) * half];
    left.push(`${n(at.x - sideX)} ${n(at.y - sideY)}`);
    right.push(`${n(at.x + sideX)} ${n(at.y + sideY)}`);
  }
  return `M${left.join('L')}L${right.reverse().join('L')}Z`;
}
