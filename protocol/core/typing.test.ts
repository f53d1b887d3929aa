import { describe, expect, it } from 'vitest';
import { typingLifeMs } from '../limits.ts';
import type { LinkId, SessionId } from '../types.ts';
import { typingBody } from '../wire/bodies/talk.ts';
import { Other, PeerScript } from './peer-script.ts';

const [a, b, c] = [new Other(10), new Other(11), new Other(12)];

/** Between a parent `a` and a client `b`; `c` hangs at the parent. */
function between(): { peer: PeerScript; up: LinkId; down: LinkId } {
  const peer = new PeerScript(1).register();
  const up = peer.attachTo(a);
  const down = peer.takeClient(b);
  const edge = { client: c.id, parent: a.id, attachEpoch: 1, gone: false };
  peer.packet(up, a, a.factory.newEdges([edge, { ...edge, client: a.id }]));
  peer.pass(200).clear();
  return { peer, up, down };
}

function hint(peer: PeerScript, link: LinkId, version: number, active = true, channel = ''): void {
  peer.packet(link, c, c.factory.newTyping({ active, channel }, version, 1));
}

/** What the user is told, as signs. */
function shown(peer: PeerScript): string {
  return peer
    .of('typing')
    .map(({ active, channel }) => `${active ? '+' : '-'}${channel}`)
    .join(' ');
}

describe('typing', () => {
  it('[T6] says it to every neighbour, at most once in 2 s, the newest word last', () => {
    const { peer, up, down } = between();
    const says = (active: boolean): void => {
      peer.give({ kind: 'typing', active, channel: 'game', timeMs: 5 });
    };
    says(true);
    says(false);
    says(true);
    says(false);
    for (const link of [up, down]) {
      expect(peer.sent(link, 'typing').map((packet) => typingBody.decode(packet.body))).toEqual([
        { active: true, channel: 'game' },
      ]);
    }
    peer.pass(1_900);
    expect(peer.sent(up, 'typing')).toHaveLength(1);
    peer.pass(200);
    expect(peer.sent(up, 'typing').map((packet) => [packet.header.seq, packet.body[0]])).toEqual([
      [1, 1],
      [2, 0],
    ]);
    // Nothing was begun since.
    says(false);
    peer.pass(3_000);
    expect(peer.sent(up, 'typing')).toHaveLength(2);
  });

  it('[T6] passes a hint on once, the newest version only, and no more of them than twice a second', () => {
    const { peer, up, down } = between();
    hint(peer, up, 2);
    hint(peer, up, 2);
    hint(peer, up, 1);
    hint(peer, up, 3);
    expect(peer.sent(down, 'typing').map((packet) => [packet.header.seq, packet.hops])).toEqual([[2, 2]]);
    expect(peer.sent(up, 'typing')).toEqual([]);
    peer.pass(600);
    hint(peer, up, 4);
    expect(peer.sent(down, 'typing')).toHaveLength(2);
    expect(shown(peer)).toBe('+');
  });

  it('[T6] holds a sender to its rate whatever session it names, and lets none go back to an older one', () => {
    const { peer, up, down } = between();
    const inSession = (digit: string, version: number): void => {
      const packet = c.factory.newTyping({ active: true, channel: '' }, version, 1);
      const session = digit.repeat(16) as SessionId;
      peer.packet(up, c, { ...packet, header: { ...packet.header, session } });
    };
    for (const digit of '2345') inSession(digit, 1);
    expect(peer.sent(down, 'typing')).toHaveLength(1);
    peer.pass(600);
    inSession('1', 9);
    expect(peer.sent(down, 'typing')).toHaveLength(1);
    inSession('3', 1);
    expect(peer.sent(down, 'typing')).toHaveLength(2);
  });

  it('[T6] keeps out who is not in the picture, and its own echo', () => {
    const { peer, up, down } = between();
    const stranger = new Other(20);
    peer.packet(up, stranger, stranger.factory.newTyping({ active: true, channel: '' }, 1, 1));
    peer.packet(up, peer.me, peer.me.factory.newTyping({ active: true, channel: '' }, 1, 1));
    expect(peer.sent(down, 'typing')).toEqual([]);
    expect(shown(peer)).toBe('');
  });

  it('[T7] is over 6 s after the last word of it, at another channel, and when it says so', () => {
    const { peer, up } = between();
    hint(peer, up, 1);
    peer.ping(up, a).sweep(up, a, [a.id]).pass(4_000);
    hint(peer, up, 2);
    peer
      .ping(up, a)
      .sweep(up, a, [a.id])
      .pass(typingLifeMs - 2_000)
      .ping(up, a)
      .sweep(up, a, [a.id])
      .pass(1_900);
    expect(shown(peer)).toBe('+');
    peer.pass(200);
    expect(shown(peer)).toBe('+ -');
    hint(peer, up, 3, true, 'x');
    peer.ping(up, a).sweep(up, a, [a.id]).pass(1_000);
    hint(peer, up, 4, true, 'y');
    peer.pass(1_000);
    hint(peer, up, 5, false, 'y');
    expect(shown(peer)).toBe('+ - +x -x +y -y');
  });

  it('[T7] is over when what was typed is said, and when its typist is gone', () => {
    const { peer, up } = between();
    hint(peer, up, 1);
    peer.message(up, c, 1);
    expect(shown(peer)).toBe('+ -');
    peer.pass(600);
    hint(peer, up, 2);
    peer.packet(up, a, a.factory.newEdges([{ client: c.id, parent: a.id, attachEpoch: 1, gone: true }]));
    expect(shown(peer)).toBe('+ - + -');
  });
});
