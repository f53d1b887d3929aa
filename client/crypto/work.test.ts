import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../protocol/wire/bytes.ts';
import { leadingZeroBits, workBitsAsked, workPrefix } from '../../protocol/work.ts';
import { findWork } from './work.ts';

function challengeOf(bits: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => (i === 31 ? bits : i));
}

function bitsDone(challenge: Uint8Array, sender: Uint8Array, work: Uint8Array): number {
  return leadingZeroBits(createHash('sha256').update(workPrefix(challenge, sender)).update(work).digest());
}

const sender = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);

describe('work', () => {
  it('[R10] is found for each difficulty a root may ask for, and only for that challenge and key', async () => {
    for (const bits of [1, 7, 8, 10, 13, 16]) {
      const challenge = challengeOf(bits);
      expect(workBitsAsked(challenge)).toBe(bits);
      const work = await findWork(challenge, sender);
      expect(bitsDone(challenge, sender, work)).toBeGreaterThanOrEqual(bits);
    }
    const work = await findWork(challengeOf(16), sender);
    expect(bitsDone(challengeOf(15), sender, work)).toBeLessThan(15);
    expect(bitsDone(challengeOf(16), sender.toReversed(), work)).toBeLessThan(15);
  });

  it('[R10] has the golden value', async () => {
    const prefix = workPrefix(challengeOf(10), sender);
    expect(toHex(prefix)).toBe(
      `${toHex(new TextEncoder().encode('banyan-work-1'))}${toHex(challengeOf(10))}${toHex(sender)}`,
    );
    expect(toHex(await findWork(challengeOf(10), sender))).toBe('00000000000007d8');
  });

  it('[R10] costs nothing when none is asked for, and a root cannot keep a peer busy', async () => {
    for (const bits of [0, 17, 255]) expect(await findWork(challengeOf(bits), sender)).toEqual(new Uint8Array(8));
  });

  it('counts zero bits', () => {
    expect(['80', '40', '01', '0080', '0001ff', '0000', ''].map((hex) => leadingZeroBits(fromHex(hex)))).toEqual([
      0, 1, 7, 8, 15, 16, 0,
    ]);
  });
});
