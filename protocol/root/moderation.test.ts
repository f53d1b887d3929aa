import { describe, expect, it } from 'vitest';
import type { NodeId } from '../types.ts';
import { regResBody } from '../wire/bodies.ts';
import type { OrderBody } from '../wire/bodies/order.ts';
import { RootScript, room, ScriptPeer } from './root-script.ts';

const owner = new ScriptPeer(99);

function give(root: RootScript, by: ScriptPeer, version: number, changes: Partial<OrderBody>, signer = owner): void {
  const body = { room, locked: false, quiet: false, speakers: [], removed: [], admitted: [], ...changes };
  root.give(by, signer.factory.newOrder(body, version, 1), false, 0, signer);
}

function join(root: RootScript, peer: ScriptPeer, order = 0): ScriptPeer {
  root.register(peer, { owner: owner.id, order });
  return peer;
}

const ids = (...peers: ScriptPeer[]): NodeId[] => peers.map(({ id }) => id);

describe('the root under an owner', () => {
  it('[O6] lets go who was removed, by name, and refuses it from then on', () => {
    const root = new RootScript();
    const [a, b] = [join(root, root.newPeer()), join(root, root.newPeer())];
    root.advertise(a);
    give(root, a, 1, { removed: ids(b) });
    expect([b.errors(), b.ended, a.ended]).toEqual([['removed'], true, false]);
    expect([...(root.core.rooms()[0]?.nodes.keys() ?? [])]).toEqual(ids(a));
    join(root, b);
    expect(b.errors()).toEqual(['removed', 'removed']);
  });

  it('[O6] a locked room takes nobody but who is admitted and its owner, also after a reload', () => {
    const root = new RootScript();
    const [a, b] = [join(root, root.newPeer()), join(root, root.newPeer())];
    give(root, a, 1, { locked: true, admitted: ids(a, b) });
    const late = join(root, root.newPeer());
    expect([late.errors(), late.ended]).toEqual([['locked'], true]);
    root.close(b);
    for (const peer of [b, owner]) expect(join(root, peer).errors()).toEqual([]);
  });

  it('[O6] takes an order from anybody, and nobody’s but the owner’s', () => {
    const root = new RootScript();
    const [a, b] = [join(root, root.newPeer()), join(root, root.newPeer())];
    give(root, a, 9, { removed: ids(b) }, a);
    expect([a.errors(), b.ended]).toEqual([['malformed'], false]);
    give(root, b, 2, { quiet: true });
    give(root, b, 1, { removed: ids(a) });
    expect(a.ended).toBe(false);
  });

  it('[O5] says which order it has, and hands it to who lacks it', () => {
    const root = new RootScript();
    give(root, join(root, root.newPeer()), 3, { quiet: true });
    const orders = (peer: ScriptPeer): number[] =>
      peer.inbox.filter(({ header }) => header.type === 'order').map(({ header }) => header.seq);
    const [lacks, has] = [join(root, root.newPeer(), 2), join(root, root.newPeer(), 3)];
    expect([orders(lacks), orders(has)]).toEqual([[3], []]);
    const ack = has.inbox.find(({ action }) => action === 'response');
    expect(ack && regResBody.decode(ack.body)?.order).toBe(3);
  });

  it('[O6] keeps the order of a room that everybody left for a moment', () => {
    const root = new RootScript();
    const a = join(root, root.newPeer());
    give(root, a, 1, { locked: true, admitted: ids(a) });
    root.give(a, a.factory.newLeave(a.id, 'left', 0)).close(a);
    expect(root.core.rooms()).toEqual([]);
    expect(join(root, root.newPeer()).errors()).toEqual(['locked']);
    expect(join(root, a).errors()).toEqual([]);
  });
});
