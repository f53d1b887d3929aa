import { describe, expect, it } from 'vitest';
import { receiptFallMs, receiptWindow } from '../limits.ts';
import { noNode, type LinkId, type NodeId, type SessionId } from '../types.ts';
import { encodeUtf8 } from '../wire/bytes.ts';
import type { VerifiedPacket } from '../wire/packet.ts';
import { receiptsBody, type ReceiptEntry } from '../wire/bodies/talk.ts';
import { Other, PeerScript } from './peer-script.ts';

const [a, b, c, d] = [new Other(10), new Other(11), new Other(12), new Other(13)];

/** Edges as a neighbour tells them: client, parent, and so on. */
function edges(peer: PeerScript, link: LinkId, from: Other, ...pairs: [Other, Other][]): void {
  const told = pairs.map(([client, parent]) => ({ client: client.id, parent: parent.id, attachEpoch: 1, gone: false }));
  peer.packet(link, from, from.factory.newEdges(told));
}

function say(peer: PeerScript, text = 'hello', to: NodeId = noNode): void {
  const message = { content: 'text' as const, data: encodeUtf8(text), to, channel: '' };
  peer.give({ kind: 'send', messages: [message], timeMs: 1 });
}

function told(peer: PeerScript, link: LinkId): ReceiptEntry[] {
  return peer.sent(link, 'receipts').flatMap((packet) => receiptsBody.decode(packet.body) ?? []);
}

function report(peer: PeerScript, link: LinkId, from: Other, entry: ReceiptEntry): void {
  peer.packet(link, from, from.factory.newReceipts([entry]));
}

function entry(sender: NodeId, session: SessionId, top: number, ...runs: [number, number][]): ReceiptEntry {
  return { sender, session, top, runs: runs.map(([length, count]) => ({ length, count })) };
}

/** Between a parent `a`, who is head, and a client `b`; `c` hangs at the parent and `d` at the client. */
function between(): { peer: PeerScript; up: LinkId; down: LinkId } {
  const peer = new PeerScript(1).register();
  const up = peer.attachTo(a);
  const down = peer.takeClient(b);
  edges(peer, up, a, [a, a], [c, a]);
  edges(peer, down, b, [d, b]);
  peer.pass(200).clear();
  return { peer, up, down };
}

/** A head with two clients `b` and `c`; `d` hangs at `b`. */
function head(): { peer: PeerScript; session: SessionId; left: LinkId; right: LinkId } {
  const peer = new PeerScript(1).becomeHead();
  const left = peer.takeClient(b);
  const right = peer.takeClient(c);
  edges(peer, left, b, [d, b]);
  peer.pass(200).clear();
  return { peer, session: peer.core.view().session, left, right };
}

describe('receipts', () => {
  it('[T1] adds up its side of the tree and tells the neighbour towards the sender, nobody else', () => {
    const { peer, up, down } = between();
    peer.message(up, c, 1).message(up, c, 2);
    report(peer, down, b, entry(c.id, c.factory.session, 2, [1, 1], [1, 2]));
    peer.pass(600);
    expect(told(peer, down)).toEqual([]);
    // The newest was given to this peer and to one below it, the first to all three.
    expect(told(peer, up)).toEqual([entry(c.id, c.factory.session, 2, [1, 2], [1, 3])]);
  });

  it('[T1] takes what a neighbour reports before it was given anything of the stream itself', () => {
    const { peer, up, down } = between();
    report(peer, down, b, entry(c.id, c.factory.session, 1, [1, 2]));
    peer.message(up, c, 1).pass(600);
    expect(told(peer, up).at(-1)).toEqual(entry(c.id, c.factory.session, 1, [1, 3]));
  });

  it('[T1] tells the sender how many of the others were given each of its packets', () => {
    const { peer, session, left, right } = head();
    say(peer);
    say(peer);
    report(peer, left, b, entry(peer.me.id, session, 2, [2, 2]));
    report(peer, right, c, entry(peer.me.id, session, 1, [1, 1]));
    peer.pass(600);
    expect(peer.of('receipts')).toEqual([
      {
        kind: 'receipts',
        session,
        of: 3,
        receipts: [
          { seq: 2, reached: 2 },
          { seq: 1, reached: 3 },
        ],
      },
    ]);
  });

  it('[T1] tells of the newest 32 packets of a stream, and believes in no more peers than there are', () => {
    const { peer, session, left } = head();
    for (let number = 0; number < 40; number++) say(peer);
    peer.pass(600);
    expect(peer.of('receipts').flatMap((output) => output.receipts)).toHaveLength(receiptWindow);
    peer.clear();
    report(peer, left, b, entry(peer.me.id, session, 40, [2, 60_000]));
    report(peer, left, b, entry(peer.me.id, session, 0xffffffff, [2, 60_000]));
    report(peer, left, b, entry(peer.me.id, session, 40, [1, 60_000]));
    peer.pass(1_200);
    expect(peer.of('receipts')).toMatchObject([{ of: 3, receipts: [{ seq: 40, reached: 3 }] }]);
  });

  it('[T2] goes by the picture: what comes from the side of the sender is not counted, and a sender that moved is followed', () => {
    const { peer, up, down } = between();
    peer.message(up, c, 1);
    report(peer, up, a, entry(c.id, c.factory.session, 1, [1, 7]));
    peer.pass(600);
    expect(told(peer, up)).toEqual([entry(c.id, c.factory.session, 1, [1, 1])]);
    // The sender hangs below the client from now on: what the parent said counts, and the client is told.
    peer.clear().packet(down, b, b.factory.newEdges([{ client: c.id, parent: b.id, attachEpoch: 2, gone: false }]));
    peer.pass(600);
    expect(told(peer, up)).toEqual([]);
    expect(told(peer, down)).toEqual([entry(c.id, c.factory.session, 1, [1, 8])]);
  });

  it('[T2] counts a side no longer whose link is gone, and tells the user of a loss once it lasts', () => {
    const { peer, session, left, right } = head();
    say(peer);
    report(peer, left, b, entry(peer.me.id, session, 1, [1, 2]));
    report(peer, right, c, entry(peer.me.id, session, 1, [1, 1]));
    peer.pass(600);
    expect(peer.of('receipts').at(-1)).toMatchObject({ of: 3, receipts: [{ seq: 1, reached: 3 }] });
    peer.clear().give({ kind: 'linkDown', link: left });
    peer.pass(receiptFallMs - 1_500);
    // Only the client itself is known to be gone: what hung below it is on its way to another place.
    expect(peer.of('receipts')).toMatchObject([{ of: 2, receipts: [{ seq: 1, reached: 2 }] }]);
    peer.ping(right, c).pass(2_500).ping(right, c).pass(500);
    expect(peer.of('receipts').at(-1)).toMatchObject({ of: 2, receipts: [{ seq: 1, reached: 1 }] });
  });

  it('[T2] is not moved by who is counted twice for a moment, again and again', () => {
    const { peer, session, left, right } = head();
    say(peer);
    const both = (ofLeft: number): void => {
      report(peer, left, b, entry(peer.me.id, session, 1, [1, ofLeft]));
      report(peer, right, c, entry(peer.me.id, session, 1, [1, 1]));
      peer.ping(left, b).ping(right, c);
    };
    both(1);
    peer.pass(1_000);
    both(2);
    peer.pass(1_000);
    for (let move = 0; move < 6; move++) {
      both(1);
      peer.pass(3_000);
      both(2);
      peer.pass(800);
    }
    expect(peer.of('receipts').map(({ receipts }) => receipts[0]?.reached)).toEqual([2, 3, 2]);
    for (let second = 0; second < 5; second++) {
      both(2);
      peer.pass(1_000);
    }
    expect(peer.of('receipts').at(-1)?.receipts).toEqual([{ seq: 1, reached: 3 }]);
  });

  it('[T3] gathers what comes within half a second into one packet, and says nothing twice', () => {
    const { peer, up } = between();
    peer.message(up, c, 1).pass(400);
    expect(peer.sent(up, 'receipts')).toHaveLength(1);
    for (let seq = 2; seq <= 9; seq++) peer.message(up, c, seq);
    peer.pass(400);
    expect(peer.sent(up, 'receipts')).toHaveLength(2);
    expect(told(peer, up).at(-1)).toEqual(entry(c.id, c.factory.session, 9, [9, 1]));
    peer.pass(3_000);
    expect(peer.sent(up, 'receipts')).toHaveLength(2);
  });

  it('[T3] is silent in rooms of more than 500', () => {
    const { peer, up } = between();
    const many = Array.from({ length: 300 }, (_, i) => ({
      client: (i + 1_000).toString(16).padStart(32, 'e') as NodeId,
      parent: a.id,
      attachEpoch: 1,
      gone: false,
    }));
    const more = many.map((edge) => ({ ...edge, client: edge.client.replace(/^e/, 'f') as NodeId }));
    peer.packet(up, a, a.factory.newEdges(many)).packet(up, a, a.factory.newEdges(more));
    peer.clear().message(up, c, 1).pass(3_000);
    expect(peer.delivered(c)).toEqual([1]);
    expect(peer.sent(up, 'receipts')).toEqual([]);
  });

  it('[T4] tells everything again to a neighbour that lost packets', () => {
    const { peer, up } = between();
    peer.message(up, c, 1).pass(600).clear();
    peer.packet(up, a, a.factory.newFrontier({ last: true, entries: [] }, 'pull')).pass(1_200);
    expect(told(peer, up)).toEqual([entry(c.id, c.factory.session, 1, [1, 1])]);
  });

  it('[T5] counts what is for one at that one alone, and gives it a packet of its own', () => {
    const { peer, up } = between();
    const direct = (seq: number, to: NodeId): VerifiedPacket<'message'> => {
      const message = { content: 'text' as const, data: encodeUtf8('psst'), to, channel: '' };
      return c.verified(c.factory.newMessage([message], seq, 1));
    };
    peer.give({ kind: 'packet', link: up, packet: direct(1, b.id), attested: false });
    peer.give({ kind: 'packet', link: up, packet: direct(2, peer.me.id), attested: false });
    peer.pass(600);
    expect(told(peer, up)).toEqual([entry(c.id, c.factory.session, 2, [1, 1], [1, 0])]);

    const sender = new PeerScript(2, { originBurst: 1 }).becomeHead();
    for (const to of [noNode, noNode, noNode, b.id, noNode]) say(sender, 'x', to);
    sender.pass(1_000);
    expect(sender.of('deliver').map((output) => output.messages.length)).toEqual([1, 2, 1, 1]);
  });
});
