/**
 * How often a page draws what happens in its room. Others' messages hop through the page that draws, and on a slow or busy machine a
 * drawing takes longer than everything else about a message: so it may take a part of the page's time, and no more.
 */

/** The part of its time that a page may draw. */
const share = 0.05;
/** Changes are gathered for a frame at least, so that a burst costs one drawing, and no longer than somebody would notice, ms. */
export const gatherMsMin = 16;
const gatherMsMax = 400;
/** How much of the next guess is the newest drawing: one that was interrupted says little. */
const weight = 0.25;

export class DrawPace {
  #costMs = 0;
  #drawnAtMs = -Infinity;

  /** How long changes are to be gathered from now on, ms: what comes after a silence is drawn at once. */
  waitMs(nowMs: number): number {
    return Math.max(gatherMsMin, this.#drawnAtMs + this.#costMs / share - nowMs);
  }

  /** A drawing began at `atMs` and kept the page busy for `costMs`. */
  drew(atMs: number, costMs: number): void {
    this.#drawnAtMs = atMs;
    this.#costMs += weight * (Math.min(costMs, gatherMsMax * share) - this.#costMs);
  }
}

/**
 * Tells when this began and how long a page that is seen was busy with the rest of this task, and with the frame that shows what it
 * changed, ms.
 */
export function measureDrawing(done: (startMs: number, costMs: number) => void): void {
  if (document.hidden) return;
  const startMs = performance.now();
  const { port1: here, port2: there } = new MessageChannel();
  here.onmessage = () => {
    const taskMs = performance.now() - startMs;
    requestAnimationFrame(() => {
      const frameMs = performance.now();
      here.onmessage = () => {
        here.close();
        done(startMs, taskMs + performance.now() - frameMs);
      };
      there.postMessage(undefined);
    });
  };
  there.postMessage(undefined);
}
