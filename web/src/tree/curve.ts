/** The line of a hanging root: it leaves its bough straight, swings over, and arrives straight; thick above and thin below. */

import { cubicInOut } from 'svelte/easing';

export interface Hang {
  readonly fromX: number;
  readonly fromY: number;
  readonly x: number;
  readonly y: number;
}

/** How far the ends go straight, as a share of the way. */
const ease = 0.52;
const n = (value: number) => value.toFixed(1);

interface Cubic {
  readonly x: readonly [number, number, number, number];
  readonly y: readonly [number, number, number, number];
}

/** Seen from the side, roots leave and arrive downwards; in a crown, outwards from the middle. */
function cubicOf({ fromX, fromY, x, y }: Hang, crown: boolean): Cubic {
  if (!crown) {
    const drop = (y - fromY) * ease;
    return { x: [fromX, fromX, x, x], y: [fromY, fromY + drop, y - drop, y] };
  }
  const [inner, outer] = [Math.hypot(fromX, fromY), Math.hypot(x, y)];
  const length = Math.hypot(x - fromX, y - fromY) || 1;
  // At the middle there is no outwards: there the line goes straight.
  const [straightX, straightY] = [(x - fromX) / length, (y - fromY) / length];
  const [leaveX, leaveY] = inner < 1 || outer < 1 ? [straightX, straightY] : [fromX / inner, fromY / inner];
  const [arriveX, arriveY] = outer < 1 ? [straightX, straightY] : [x / outer, y / outer];
  const way = Math.max(Math.abs(outer - inner), length * 0.3) * ease;
  return {
    x: [fromX, fromX + leaveX * way, x - arriveX * way, x],
    y: [fromY, fromY + leaveY * way, y - arriveY * way, y],
  };
}

const along = ([a, b, c, d]: Cubic['x'], t: number): number => {
  const u = 1 - t;
  return u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
};
const slope = ([a, b, c, d]: Cubic['x'], t: number): number => {
  const u = 1 - t;
  return 3 * u * u * (b - a) + 6 * u * t * (c - b) + 3 * t * t * (d - c);
};

/** The line as the `d` of an SVG path. */
export function hangingPath(hang: Hang, crown: boolean): string {
  const { x, y } = cubicOf(hang, crown);
  return `M${n(x[0])} ${n(y[0])}C${n(x[1])} ${n(y[1])} ${n(x[2])} ${n(y[2])} ${n(x[3])} ${n(y[3])}`;
}

/** Points of a way on the line, at equal times. */
const wayPoints = 12;

/** How something travels along the line, down or up, starting and ending gently: where it is at equal times. */
export function wayAlong(hang: Hang, up: boolean, crown: boolean): { x: number; y: number }[] {
  const cubic = cubicOf(hang, crown);
  return Array.from({ length: wayPoints + 1 }, (_, i) => {
    const done = cubicInOut(i / wayPoints);
    const t = up ? 1 - done : done;
    return { x: along(cubic.x, t), y: along(cubic.y, t) };
  });
}

/**
 * The outline of a root of this thickness: it flares where it leaves its bough and thins out below. `samples`: points on each
 * side; a browser takes about as long to read an outline as it has points.
 */
export function rootShape(hang: Hang, thickness: number, crown: boolean, samples: number): string {
  const cubic = cubicOf(hang, crown);
  const left: string[] = [];
  const right: string[] = [];
  for (let i = 0; i <= samples; i += 1) {
    const t = i / samples;
    const u = 1 - t;
    const [x, y] = [along(cubic.x, t), along(cubic.y, t)];
    const [dx, dy] = [slope(cubic.x, t), slope(cubic.y, t)];
    const length = Math.hypot(dx, dy) || 1;
    const half = (thickness * (0.78 + 0.9 * u * u * u + 0.22 * u)) / 2;
    const [sideX, sideY] = [(-dy / length) * half, (dx / length) * half];
    left.push(`${n(x - sideX)} ${n(y - sideY)}`);
    right.push(`${n(x + sideX)} ${n(y + sideY)}`);
  }
  return `M${left.join('L')}L${right.reverse().join('L')}Z`;
}
