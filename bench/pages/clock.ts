/** The machine's wall clock with the resolution of performance.now(), so that times of several pages can be compared. */

let offsetMs: number | undefined;

/** Compares both clocks at some edges of a millisecond; blocks for about 20 ms. */
export function calibrate(): void {
  const offsets: number[] = [];
  let before = Date.now();
  while (offsets.length < 20) {
    const now = Date.now();
    if (now !== before) offsets.push(now - performance.now());
    before = now;
  }
  offsets.sort((a, b) => a - b);
  offsetMs = offsets[10];
}

/** Milliseconds since 1970. */
export function nowMs(): number {
  if (offsetMs === undefined) throw new Error('calibrate first');
  return offsetMs + performance.now();
}

export async function until(atMs: number): Promise<void> {
  const waitMs = atMs - nowMs();
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
}
