import { describe, expect, it } from 'vitest';
import { fuzz, fuzzTargets, type FuzzTarget } from './fuzz.ts';

const [packet] = fuzzTargets as readonly [FuzzTarget];

describe('fuzzing', () => {
  it.each(fuzzTargets)('[W5] $name is total, and what it takes encodes to the same bytes', (target) => {
    const { inputs, accepted, fault } = fuzz(target, 20_000, 7);
    expect(fault).toBeUndefined();
    // Neither of the two may be all there is, or it would have shown nothing.
    expect(accepted).toBeGreaterThan(inputs / 50);
    expect(accepted).toBeLessThan(inputs);
    for (const sample of target.samples) expect(target.again(sample)).toEqual(sample);
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
