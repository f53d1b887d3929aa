import { describe, expect, it } from 'vitest';
import * as bodies from './bodies.ts';
import { codecsFuzzed, fuzz, fuzzTargets, type FuzzTarget } from './fuzz.ts';
import { packetTypes } from './packet.ts';

const [packet] = fuzzTargets as readonly [FuzzTarget];

describe('fuzzing', () => {
  it.each(fuzzTargets)('[W5] $name is total, and what it takes encodes to the same bytes', (target) => {
    const { inputs, accepted, fault } = fuzz(target, 20_000, 7);
    expect(fault).toBeUndefined();
    // Neither of the two may be all there is, or it would have shown nothing.
    expect(accepted).toBeGreaterThan(inputs / 50);
    expect(accepted).toBeLessThan(inputs);
    for (const sample of target.samples)
      if (target.hasSpellings === true) expect(target.again(sample)).toBeDefined();
      else expect(target.again(sample)).toEqual(sample);
  });

  it('leaves out no type of packet, and no kind of content', () => {
    const names = fuzzTargets.map(({ name }) => name);
    for (const type of Object.keys(packetTypes))
      expect(
        names.some((name) => name.startsWith(`${type}/`)),
        type,
      ).toBe(true);
    const codecs = Object.keys(bodies).filter((name) => name.endsWith('Body'));
    // Each codec of the file is behind one of the targets: what is added there and not here is missed.
    for (const name of codecs) expect(codecsFuzzed, name).toContain(bodies[name as keyof typeof bodies]);
  });

  it('notices a decoder that is slow every time, and not a machine that was once', () => {
    let nowMs = 0;
    const slow = fuzz({ ...packet, again: () => ((nowMs += 2), undefined) }, 10, 1, () => nowMs);
    expect(slow.fault?.what).toBe('took 2.00 ms');
    let calls = 0;
    const once = { ...packet, again: () => ((nowMs += ++calls === 3 ? 50 : 0.01), undefined) };
    expect(fuzz(once, 10, 1, () => nowMs)).toMatchObject({ fault: undefined, inputs: 10 });
  });

  it('draws the same inputs from the same seed', () => {
    const inputsOf = (seed: number): string[] => {
      const seen: string[] = [];
      fuzz({ name: 'any', samples: packet.samples, again: (input) => (seen.push(input.join()), undefined) }, 100, seed);
      return seen;
    };
    expect(inputsOf(3)).toEqual(inputsOf(3));
    expect(inputsOf(3)).not.toEqual(inputsOf(4));
  });

  it('notices a decoder that throws, one that takes what trails, and one that takes two spellings', () => {
    const broken: Record<string, FuzzTarget['again']> = {
      'threw RangeError': (input) => {
        if (input.length > 200) throw new RangeError('too long');
        return undefined;
      },
      'encodes again to': (input) => packet.again(input) ?? packet.again(input.subarray(0, -1)),
      'encodes again': (input) => {
        const again = packet.again(input);
        if (again?.[3] === 1) again[3] = 0;
        return again;
      },
    };
    for (const [what, again] of Object.entries(broken)) {
      const { fault, inputs } = fuzz({ ...packet, again }, 100_000, 1);
      expect(fault?.what).toContain(what);
      expect(inputs).toBeLessThan(10_000);
    }
  });
});
