import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { NodeId, RoomId } from '../protocol/types.ts';
import { nobleCrypto } from './crypto/noble.ts';
import { webCrypto } from './crypto/web-crypto.ts';
import { safetyTag } from './safety-tag.ts';

const room = 'ab'.repeat(32) as RoomId;
const [ana, ben, eve] = ['1', '2', '3'].map((digit) => digit.repeat(32) as NodeId) as [NodeId, NodeId, NodeId];
const web = webCrypto();

describe('a safety tag', () => {
  it('is the same for both, by either provider, and eight groups of five digits', async () => {
    const tag = await safetyTag(web, room, ana, ben);
    expect(tag).toMatch(/^\d{5}( \d{5}){7}$/);
    expect(await safetyTag(web, room, ben, ana)).toBe(tag);
    expect(await safetyTag(nobleCrypto(), room, ana, ben)).toBe(tag);
  });

  it('has the golden value', async () => {
    const half = (id: string): string => {
      const hash = createHash('sha256')
        .update('banyan-1 safety')
        .update(Buffer.from(room + id, 'hex'))
        .digest();
      return [0, 5, 10, 15].map((at) => `${hash.readUIntBE(at, 5) % 100_000}`.padStart(5, '0')).join(' ');
    };
    expect(await safetyTag(web, room, ben, ana)).toBe(`${half(ana)} ${half(ben)}`);
  });

  it('differs for anybody else, in the half of whoever is another; and in every room', async () => {
    const [mine, hers] = await Promise.all([safetyTag(web, room, ana, ben), safetyTag(web, room, ana, eve)]);
    expect(mine.slice(0, 23)).toBe(hers.slice(0, 23));
    expect(mine.slice(24)).not.toBe(hers.slice(24));
    expect(await safetyTag(web, 'cd'.repeat(32) as RoomId, ana, ben)).not.toBe(mine);
  });
});
