import { describe, expect, it } from 'vitest';
import { parseIceServers } from './ice.ts';
import { RootScript } from './root/root-script.ts';
import type { Packet } from './wire/packet.ts';
import { iceBody, type IceBody } from './wire/bodies/ice.ts';

function wrongWith(value: unknown): string {
  const parsed = parseIceServers(typeof value === 'string' ? value : JSON.stringify(value));
  return 'error' in parsed ? parsed.error : 'nothing';
}

describe('configured ICE servers', () => {
  it('are an array of objects as WebRTC takes them; none is fine', () => {
    expect(parseIceServers('[]')).toEqual([]);
    expect(
      parseIceServers(
        '[{"urls":"stun:a.example:3478"},{"urls":["turn:[2001:db8::1]:5?transport=tcp","turns:b"],"username":"u","credential":"c"}]',
      ),
    ).toEqual([
      { urls: ['stun:a.example:3478'], username: '', credential: '' },
      { urls: ['turn:[2001:db8::1]:5?transport=tcp', 'turns:b'], username: 'u', credential: 'c' },
    ]);
  });

  it.each([
    ['', 'is no JSON'],
    ['{', 'is no JSON'],
    [{ urls: 'stun:a' }, 'is no JSON array'],
    [[5], ': server 1 is no object'],
    [[{}], ': server 1 has no urls'],
    [[{ urls: [] }], ': server 1 has no urls'],
    [[{ urls: 'stun:a' }, { urls: 'https://a' }], ': server 2 has "https://a" among its urls'],
    [[{ urls: ['stun:a', 7] }], ': server 1 has 7 among its urls'],
    [[{ urls: 'stun:' }], 'among its urls'],
    [[{ urls: 'turn:a' }], 'is TURN without username and credential'],
    [[{ urls: 'turn:a', username: 'u', credential: 5 }], 'no plain text'],
    [[{ url: 'stun:a' }], "a field 'url' that is not known"],
    [[{ urls: Array.from({ length: 5 }, () => 'stun:a') }], 'more than 4 urls'],
    [Array.from({ length: 9 }, () => ({ urls: 'stun:a' })), 'more than 8 servers'],
    [[{ urls: `stun:${'a'.repeat(260)}` }], 'among its urls'],
  ])('%j is refused: %s', (value, said) => {
    expect(wrongWith(value)).toContain(said);
  });
});

describe('ICE servers of a root', () => {
  const handedTo = (inbox: readonly Packet[]): IceBody[] =>
    inbox
      .filter(({ header, action }) => header.type === 'registration' && action === 'update')
      .flatMap(({ body }) => iceBody.decode(body) ?? []);
  const grant = (nowMs: number, lifeMs: number): IceBody => ({
    servers: [{ urls: ['turn:a.example'], username: `${nowMs + lifeMs}`, credential: 'c' }],
    lifeMs,
  });

  it('[R12] are handed over with the Ack, and again before they end, for as long as the socket lives', () => {
    const root = new RootScript({ iceServers: (nowMs) => grant(nowMs, 1_800_000) });
    const [a, b] = [root.join(), root.pass(60_000).join()];
    expect(a.inbox.slice(0, 3).map(({ action }) => action)).toEqual(['push', 'response', 'update']);
    root.pass(1_440_000 - 1);
    expect([handedTo(a.inbox).length, handedTo(b.inbox).length]).toEqual([1, 1]);
    root.pass(1);
    expect([handedTo(a.inbox).length, handedTo(b.inbox).length]).toEqual([2, 1]);
    root.pass(60_000);
    expect([handedTo(a.inbox).length, handedTo(b.inbox).length]).toEqual([2, 2]);
    // The one they have never ends before the next one is there.
    const ends = handedTo(a.inbox).map(({ servers }) => Number(servers[0]?.username));
    expect(ends[0]).toBeGreaterThan(root.nowMs);
    root.close(b).pass(3_000_000);
    expect([handedTo(a.inbox).length, handedTo(b.inbox).length]).toEqual([4, 2]);
  });

  it('[R12] without an end are handed over once, and nobody who has not registered gets any', () => {
    const root = new RootScript({ iceServers: (nowMs) => grant(nowMs, 0) });
    const a = root.join();
    const stranger = root.newPeer();
    root.open(stranger).give(stranger, root.regReq(stranger), false).pass(10_000_000);
    expect([handedTo(a.inbox).length, handedTo(stranger.inbox).length]).toEqual([1, 0]);
  });

  it('[R12] are none unless told', () => {
    const root = new RootScript();
    expect(handedTo(root.join().inbox)).toEqual([]);
  });
});
