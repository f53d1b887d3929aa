/** What every implementation of `Link` must do, whatever carries it. */
import { afterEach, describe, expect, it } from 'vitest';
import { frameBytesMax } from '../protocol/limits.ts';
import type { Link, LinkEvents, LinkMaker } from '../protocol/ports.ts';
import type { NodeId } from '../protocol/types.ts';

/** How long an event may take to come, ms. */
const patienceMs = 15_000;

/** Polls until something holds. */
export async function until(holds: () => boolean, what: string, withinMs = patienceMs): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** One end of a link and what it was told. */
class End {
  readonly got: Uint8Array[] = [];
  readonly ups: Uint8Array[] = [];
  downs = 0;
  drainedBytes = 0;
  framesBeforeUp = 0;
  far: End | undefined;
  readonly link: Link;
  /** Signals made before there was a far end. */
  readonly #signals: Uint8Array[] = [];

  constructor(maker: LinkMaker, initiator: boolean) {
    const events: LinkEvents = {
      up: (binding) => this.ups.push(binding),
      down: () => this.downs++,
      signal: (data) => {
        if (this.far) this.far.link.signal(data);
        else this.#signals.push(data);
      },
      frame: (frame) => {
        if (this.ups.length === 0) this.framesBeforeUp++;
        this.got.push(frame);
      },
      drained: (bytes) => {
        this.drainedBytes += bytes;
      },
    };
    this.link = maker.open('1'.repeat(32) as NodeId, initiator, events);
  }

  connect(far: End): void {
    this.far = far;
    for (const data of this.#signals.splice(0)) far.link.signal(data);
  }
}

function frameOf(number: number, bytes = 8): Uint8Array {
  const frame = new Uint8Array(bytes).fill(number & 255);
  new DataView(frame.buffer).setUint32(0, number);
  return frame;
}

function numbersOf(frames: readonly Uint8Array[]): number[] {
  return frames.map((frame) => new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getUint32(0));
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** `makers` gives the makers of the two ends. */
export function linkContract(name: string, makers: () => readonly [LinkMaker, LinkMaker]): void {
  describe(`Link: ${name}`, () => {
    let ends: End[] = [];

    function pair(): [End, End] {
      const [one, other] = makers();
      const [a, b] = [new End(one, true), new End(other, false)];
      a.connect(b);
      b.connect(a);
      ends.push(a, b);
      return [a, b];
    }

    async function openPair(): Promise<[End, End]> {
      const [a, b] = pair();
      await until(() => a.ups.length === 1 && b.ups.length === 1, 'both ends up');
      return [a, b];
    }

    afterEach(() => {
      for (const end of ends) end.link.close();
      ends = [];
    });

    it('[S4] comes up once at both ends, with one binding that no other link has', async () => {
      const [[a, b], [c, d]] = await Promise.all([openPair(), openPair()]);
      expect(a.ups[0]).toHaveLength(32);
      expect(a.ups).toEqual(b.ups);
      expect(c.ups).toEqual(d.ups);
      expect(a.ups).not.toEqual(c.ups);
      expect([a.downs, b.downs, c.downs, d.downs]).toEqual([0, 0, 0, 0]);
    });

    it('carries frames in order, both ways at once, and none before it is up', async () => {
      const [a, b] = pair();
      await until(() => a.ups.length + b.ups.length > 0, 'one end up');
      const first = a.ups.length > 0 ? a : b;
      // The other end may still be at work on its binding.
      for (const i of upTo(200)) first.link.send(frameOf(i));
      await until(() => a.ups.length + b.ups.length === 2, 'both ends up');
      const second = first === a ? b : a;
      for (const i of upTo(200)) second.link.send(frameOf(i));
      await until(() => a.got.length >= 200 && b.got.length >= 200, 'all frames');
      expect(numbersOf(a.got)).toEqual(upTo(200));
      expect(numbersOf(b.got)).toEqual(upTo(200));
      expect(a.framesBeforeUp + b.framesBeforeUp).toBe(0);
    });

    it('keeps frames apart and whole, from one byte to the largest', async () => {
      const [a, b] = await openPair();
      const sizes = [1, 4, 1_000, 1_200, frameBytesMax - 1, frameBytesMax, 1, frameBytesMax];
      const frames = sizes.map((bytes, i) => new Uint8Array(bytes).map((_, at) => (at * 31 + i) & 255));
      for (const frame of frames) a.link.send(frame);
      await until(() => b.got.length >= frames.length, 'all frames');
      expect(b.got.map((frame) => frame.length)).toEqual(sizes);
      expect(b.got.every((frame, i) => frame.every((byte, at) => byte === frames[i]?.[at]))).toBe(true);
      expect(b.got.every((frame) => Object.getPrototypeOf(frame) === Uint8Array.prototype)).toBe(true);
    });

    it('takes a burst of 4 MiB, and reports each byte of it drained once', async () => {
      const [a, b] = await openPair();
      const count = 256;
      for (const i of upTo(count)) a.link.send(frameOf(i, frameBytesMax));
      await until(() => b.got.length >= count, 'all frames');
      await until(() => a.drainedBytes >= count * frameBytesMax, 'all drained');
      expect(a.drainedBytes).toBe(count * frameBytesMax);
      expect(numbersOf(b.got)).toEqual(upTo(count));
      expect(b.drainedBytes).toBe(0);
    });

    it('keeps a window of 64 KiB busy at 1 MB/s and more', async () => {
      const [a, b] = await openPair();
      const count = 200;
      const startedMs = performance.now();
      let sent = 0;
      const endMs = startedMs + patienceMs;
      while (b.got.length < count && performance.now() < endMs) {
        while (sent < count && sent * frameBytesMax - a.drainedBytes < 65_536)
          a.link.send(frameOf(sent++, frameBytesMax));
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      const seconds = (performance.now() - startedMs) / 1_000;
      expect(b.got.length).toBe(count);
      expect((count * frameBytesMax) / seconds).toBeGreaterThan(1_000_000);
    });

    it('[H1] a close is seen at the far end, after what was sent before it, and not at the near one', async () => {
      const [a, b] = await openPair();
      a.link.send(frameOf(7));
      a.link.close();
      await until(() => b.downs === 1, 'the far end down');
      expect(numbersOf(b.got)).toEqual([7]);
      expect(a.downs).toBe(0);
    });

    it('nothing that is done after the end does harm or is told', async () => {
      const [a, b] = await openPair();
      a.link.close();
      a.link.close();
      a.link.send(frameOf(1));
      a.link.signal(Uint8Array.of(1));
      await until(() => b.downs === 1, 'the far end down');
      b.link.send(frameOf(2));
      b.link.signal(new TextEncoder().encode('{"type":"candidate","candidate":{}}'));
      b.link.close();
      const [c, d] = await openPair();
      expect([a.downs, b.downs, c.downs, d.downs]).toEqual([0, 1, 0, 0]);
      expect([a.got.length, b.got.length]).toEqual([0, 0]);
    });

    it('a close before it is up is seen by nobody, and what comes later is ignored', async () => {
      const [a, b] = pair();
      a.link.close();
      b.link.close();
      const [c] = await openPair();
      expect([a.ups.length, b.ups.length, a.downs, b.downs, c.ups.length]).toEqual([0, 0, 0, 0, 1]);
    });

    it('signals that are none are ignored', async () => {
      const [a, b] = pair();
      for (const text of [
        '',
        'null',
        '5',
        '[]',
        '{}',
        '{"renegotiate":true}',
        '{"sdp":5}',
        '{"type":"pranswer","sdp":"v=0"}',
        '\u0000',
      ]) {
        a.link.signal(new TextEncoder().encode(text));
        b.link.signal(new TextEncoder().encode(text));
      }
      await until(() => a.ups.length === 1 && b.ups.length === 1, 'both ends up');
      a.link.signal(new TextEncoder().encode('{"type":"answer","sdp":"v=0"}'));
      b.link.signal(new TextEncoder().encode('{"type":"offer","sdp":"v=0"}'));
      a.link.send(frameOf(3));
      await until(() => b.got.length === 1, 'the frame');
      expect([a.downs, b.downs]).toEqual([0, 0]);
    });
  });
}
