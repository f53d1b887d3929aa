import { describe, expect, it } from 'vitest';
import type { LinkId, NodeId, RoomId } from '../types.ts';
import { orderBody, type OrderBody } from '../wire/bodies/order.ts';
import { defaultOptions, Other, PeerScript } from './peer-script.ts';

const [a, b, c, owner] = [new Other(10), new Other(11), new Other(12), new Other(13)];

function order(changes: Partial<OrderBody> = {}): OrderBody {
  const room = defaultOptions.room as RoomId;
  return { room, locked: false, quiet: false, speakers: [], removed: [], admitted: [], ...changes };
}

/** Between a parent `a` and a client `b`, in a room that `owner` owns. */
function between(): { peer: PeerScript; up: LinkId; down: LinkId } {
  const peer = new PeerScript(1, { owner: owner.id }).register();
  const up = peer.attachTo(a);
  const down = peer.takeClient(b);
  return { peer: peer.pass(200).clear(), up, down };
}

function rule(peer: PeerScript, link: LinkId, version: number, changes: Partial<OrderBody>, by = owner): void {
  const packet = by.verified(by.factory.newOrder(order(changes), version, 1));
  peer.give({ kind: 'packet', link, packet, attested: false });
}

describe('an order', () => {
  it('[O2] counts when it is the owner’s, for this room and newer; it goes on beside the log with its bytes', () => {
    const { peer, up, down } = between();
    rule(peer, up, 5, { quiet: true });
    rule(peer, up, 5, { quiet: false });
    rule(peer, up, 4, { quiet: false });
    rule(peer, down, 6, { quiet: false }, b);
    rule(peer, up, 6, { quiet: false, room: 'c'.repeat(64) as RoomId });
    expect(peer.of('order').map(({ order: { quiet }, version }) => [quiet, version])).toEqual([[true, 5]]);
    expect(peer.sent(down, 'order').map(({ header, hops }) => [header.seq, hops])).toEqual([[5, 2]]);
    expect(peer.sent(up, 'order')).toEqual([]);
    expect(peer.core.counters().badPackets).toBe(2);
  });

  it('[O2] is ignored in a room without an owner', () => {
    const peer = new PeerScript(1).register();
    rule(peer, peer.attachTo(a), 1, { quiet: true });
    expect(peer.of('order')).toEqual([]);
  });

  it('[O2] is issued by the owner alone', () => {
    const input = { kind: 'order', order: order({ quiet: true }), version: 3, timeMs: 1 } as const;
    const { peer } = between();
    expect(peer.give(input).of('order')).toEqual([]);
    const own = new PeerScript(13, { owner: owner.id }).register();
    const up = own.attachTo(a);
    own.give(input);
    expect(own.of('order')).toHaveLength(1);
    expect(own.sent(up, 'order')).toHaveLength(1);
    expect(own.sentRoot('order')).toHaveLength(1);
  });

  it('[O4] what somebody says who may not speak is carried and not shown, and no stream has a hole after it', () => {
    const { peer, up, down } = between();
    peer.message(up, c, 1);
    rule(peer, up, 1, { quiet: true, speakers: [a.id] });
    peer.message(up, c, 2).message(up, a, 1);
    rule(peer, up, 2, { quiet: false });
    peer.message(up, c, 3);
    expect(peer.delivered(c)).toEqual([1, 3]);
    expect(peer.delivered(a)).toEqual([1]);
    expect(peer.sent(down, 'message')).toHaveLength(4);
    expect(peer.of('gap')).toEqual([]);
  });

  it('[O4] who was removed is no member, though somebody goes on serving it', () => {
    const { peer, up } = between();
    peer.packet(up, a, a.factory.newEdges([{ client: c.id, parent: a.id, attachEpoch: 1, gone: false }]));
    const presence = { name: 'C', role: 'peer', sinceMs: 1, away: false } as const;
    peer.give({ kind: 'packet', link: up, packet: c.verified(c.factory.newPresence(presence, 1, 1)), attested: false });
    expect([...peer.core.view().members.keys()]).toContain(c.id);
    rule(peer, up, 1, { removed: [c.id] });
    expect(peer.of('absent').map(({ node }) => node)).toEqual([c.id]);
    expect([...peer.core.view().members.keys()]).not.toContain(c.id);
  });

  it('[O3] cuts the link to who was removed, which heard why, and refuses its hello', () => {
    const { peer, up, down } = between();
    rule(peer, up, 1, { removed: [b.id] });
    expect(peer.sent(down, 'order')).toHaveLength(1);
    expect(peer.closed(down)).toBe('removed');
    expect(peer.refusal(peer.takeClient(b))).toBe('removed');
    rule(peer, up, 2, {});
    expect(peer.refusal(peer.takeClient(b))).toBeUndefined();
  });

  it('[O3] a locked room takes who is admitted, the owner, and nobody else', () => {
    const { peer, up, down } = between();
    rule(peer, up, 1, { locked: true, admitted: [peer.me.id, a.id, b.id] });
    expect(peer.closed(down)).toBeUndefined();
    expect(peer.refusal(peer.takeClient(c))).toBe('locked');
    expect(peer.refusal(peer.takeClient(owner))).toBeUndefined();
  });

  it('[O3] who is put out leaves, and says so as the reason', () => {
    for (const [changes, reason] of [
      [{ removed: [1] }, 'removed'],
      [{ locked: true, admitted: [] }, 'locked'],
    ] as const) {
      const { peer, up } = between();
      const removed: readonly NodeId[] = 'removed' in changes ? [peer.me.id] : [];
      rule(peer, up, 1, { locked: 'locked' in changes, removed });
      expect(peer.of('state')).toMatchObject([{ state: 'left', reason }]);
      expect(peer.core.nextTimeoutMs()).toBeUndefined();
    }
  });

  it('[O5] a new neighbour, and one that asks with its frontier, gets what it lacks', () => {
    const { peer, up, down } = between();
    rule(peer, up, 4, { quiet: true });
    peer.clear();
    const late = peer.takeClient(c);
    expect(peer.sent(late, 'order').map(({ body }) => orderBody.decode(body)?.quiet)).toEqual([true]);
    peer.packet(down, b, b.factory.newFrontier({ last: true, order: 4, entries: [] }, 'pull'));
    expect(peer.sent(down, 'order')).toEqual([]);
    peer.packet(down, b, b.factory.newFrontier({ last: true, order: 3, entries: [] }, 'pull'));
    expect(peer.sent(down, 'order')).toHaveLength(1);
  });
});
