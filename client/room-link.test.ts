import { describe, expect, it } from 'vitest';
import { codeOf } from './code-of.ts';
import { toHex } from '../protocol/wire/bytes.ts';
import { nobleCrypto } from './crypto/noble.ts';
import { webCrypto } from './crypto/web-crypto.ts';
import { createRoomLink, deriveRoom, parseRoomLink } from './room-link.ts';

describe('room links', () => {
  it('hold 16 random bytes in the fragment, and nothing else that was there before', () => {
    const links = ['http://localhost:3000', 'https://example.org/sub/?k=2#old'].map(createRoomLink);
    expect(links[0]).toMatch(/^http:\/\/localhost:3000\/#[\w-]{22}$/);
    expect(links[1]).toMatch(/^https:\/\/example\.org\/sub\/#[\w-]{22}$/);
    expect(createRoomLink('http://a')).not.toBe(createRoomLink('http://a'));
    const parsed = links.map(parseRoomLink);
    expect(parsed.map(({ rootUrl }) => rootUrl)).toEqual(['http://localhost:3000', 'https://example.org']);
    expect(parsed.map(({ secret }) => secret.length)).toEqual([16, 16]);
    expect(parseRoomLink('http://a/#AAECAwQFBgcICQoLDA0ODw').secret).toEqual(
      Uint8Array.from({ length: 16 }, (_, i) => i),
    );
  });

  it.each(['', 'nonsense', 'ftp://example.org/', 'javascript:alert(1)'])('%j is no address', (text) => {
    expect(codeOf(() => createRoomLink(text))).toBe('argument');
    expect(codeOf(() => parseRoomLink(`${text}#AAECAwQFBgcICQoLDA0ODw`))).toBe('argument');
  });

  it.each([
    'http://a/',
    'http://a/#',
    'http://a/#AAECAwQFBgcICQoLDA0OD',
    'http://a/#AAECAwQFBgcICQoLDA0ODwA',
    'http://a/#AAECAwQFBgcICQoLDA0ODw==',
    'http://a/#AAECAwQFBgcICQoLDA0OD+',
    // Bits behind the last byte: another spelling of the same secret.
    'http://a/#AAECAwQFBgcICQoLDA0ODx',
  ])('%s is a damaged link', (link) => {
    expect(codeOf(() => parseRoomLink(link))).toBe('link');
  });

  it('[R3] the room id is the public half of an admission key that only the secret gives, with either provider', async () => {
    const secret = Uint8Array.from({ length: 16 }, (_, i) => i);
    const rooms = await Promise.all([webCrypto(), nobleCrypto()].map((provider) => deriveRoom(secret, provider)));
    const [room, same] = rooms;
    expect(room?.room).toMatch(/^[0-9a-f]{64}$/);
    expect(room?.room).toBe(same?.room);
    expect(room?.room).toBe(toHex(room?.admission.publicKey ?? secret));
    expect(room?.room).not.toContain(toHex(secret));
    const proof = await room!.admission.sign(Uint8Array.of(1));
    expect(await nobleCrypto().verify(same!.admission.publicKey, proof, Uint8Array.of(1))).toBe(true);
    const other = await deriveRoom(secret.slice().fill(9, 15), webCrypto());
    expect(other.room).not.toBe(room?.room);
  });

  it('[S3] every sender and session has a key of its own', async () => {
    const room = await deriveRoom(new Uint8Array(16), webCrypto());
    const again = await deriveRoom(new Uint8Array(16), nobleCrypto());
    const [iv, none, data] = [new Uint8Array(12), new Uint8Array(0), Uint8Array.of(1, 2, 3)];
    const [ana, ben] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const streams = [
      [ana, '0'.repeat(16)],
      [ana, '1'.repeat(16)],
      [ben, '0'.repeat(16)],
    ] as const;
    const sealed = await Promise.all(
      streams.map(async ([sender, session]) => toHex(await (await room.stream(sender, session)).seal(iv, none, data))),
    );
    expect(new Set(sealed).size).toBe(3);
    for (const [i, [sender, session]] of streams.entries()) {
      expect(toHex(await (await again.stream(sender, session)).seal(iv, none, data))).toBe(sealed[i]);
    }
  });
});
