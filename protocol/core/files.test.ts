import { describe, expect, it } from 'vitest';
import { fileWindowBytes } from '../limits.ts';
import { fileKey, noNode, type LinkId } from '../types.ts';
import { cancelBody, manifestBody, progressBody, wantBody, type Manifest } from '../wire/bodies.ts';
import type { VerifiedPacket } from '../wire/packet.ts';
import { Other, PeerScript } from './peer-script.ts';

const [a, b, c] = [new Other(10), new Other(11), new Other(12)];
const manifest: Manifest = { file: 7, sizeBytes: 95, chunkBytes: 10, name: 'notes.txt', type: 'text/plain' };
const key = fileKey(c.id, c.factory.session, 7);

function announcement(origin: Other, seq = 1): VerifiedPacket<'message'> {
  const message = { content: 'file', data: manifestBody.encode(manifest), to: noNode, channel: '' } as const;
  return origin.verified(origin.factory.newMessage([message], seq, 1));
}

function chunk(origin: Other, index: number): VerifiedPacket<'chunk'> {
  return origin.verified(origin.factory.newChunk(7, index, new Uint8Array(10).fill(index)));
}

/** Between a parent `a` and a client `b`, with a file of `c` announced from above. */
function between(): { peer: PeerScript; up: LinkId; down: LinkId } {
  const peer = new PeerScript(1).register();
  const up = peer.attachTo(a);
  const down = peer.takeClient(b);
  peer.clear().give({ kind: 'packet', link: up, packet: announcement(c), attested: false });
  return { peer, up, down };
}

/** Has a neighbour tell where somebody hangs. */
function hangs(peer: PeerScript, link: LinkId, teller: Other, client: Other, parent: Other, attachEpoch = 1): void {
  peer.packet(
    link,
    teller,
    teller.factory.newEdges([{ client: client.id, parent: parent.id, attachEpoch, gone: false }]),
  );
}

/** Has a neighbour report how many have the file on its side. */
function report(peer: PeerScript, link: LinkId, from: Other, complete: number, peers: number, sender = c): void {
  const session = sender === c ? c.factory.session : peer.core.view().session;
  peer.packet(link, from, from.factory.newProgress({ sender: sender.id, session, file: 7, complete, peers }));
}

/** What was reported on a link. */
function reported(peer: PeerScript, link: LinkId): string[] {
  return peer.sent(link, 'progress').map((packet) => {
    const body = progressBody.decode(packet.body);
    return `${body?.complete}/${body?.peers}`;
  });
}

function want(peer: PeerScript, link: LinkId, from: Other, next: number): void {
  const have = { sender: c.id, session: c.factory.session, file: 7, next };
  peer.packet(link, from, from.factory.newWant([have]));
}

/** Announces the file as the peer's own. */
function announce(peer: PeerScript): void {
  const message = { content: 'file', data: manifestBody.encode(manifest), to: noNode, channel: '' } as const;
  peer.give({ kind: 'send', messages: [message], timeMs: 1 });
}

/** A head with a client `a`, that sends a file. */
function sending(): { sender: PeerScript; client: LinkId } {
  const sender = new PeerScript(2).becomeHead();
  const client = sender.takeClient(a);
  announce(sender);
  return { sender, client };
}

/** Answers every `readChunk` since the last `clear`. */
function serve(peer: PeerScript): number[] {
  const reads = peer.of('readChunk');
  for (const { link, file, index } of reads)
    peer.give({ kind: 'chunkRead', link, file, index, packet: chunk(c, index) });
  return reads.map((read) => read.index);
}

describe('files', () => {
  it('[F1] [F3] announces a file once and says to both neighbours how far it is', () => {
    const { peer, up, down } = between();
    expect(peer.of('file')).toMatchObject([
      { file: key, sender: c.id, manifest: { name: 'notes.txt', sizeBytes: 95 } },
    ]);
    for (const link of [up, down]) {
      expect(peer.sent(link, 'want').map((packet) => wantBody.decode(packet.body))).toMatchObject([
        [{ file: 7, next: 0 }],
      ]);
    }
    peer.give({ kind: 'packet', link: up, packet: announcement(c, 2), attested: false });
    expect(peer.of('file')).toHaveLength(1);
  });

  it('[L6] carries a file of before it came for others, and shows it to nobody who has no wish for it', () => {
    const peer = new PeerScript(1, { history: false }).register();
    const up = peer.connectTo(a);
    peer.acceptedBy(up, a, 99).sweep(up, a, [a.id]);
    const before = { sender: c.id, session: c.factory.session, next: 2, oldest: 1, presence: 0 };
    peer.packet(up, a, a.factory.newFrontier({ last: true, entries: [before] }, 'response'));
    const down = peer.takeClient(b);
    peer.clear().give({ kind: 'packet', link: up, packet: announcement(c), attested: false });
    expect(peer.of('deliver')).toEqual([]);
    expect(peer.of('file')).toMatchObject([{ file: key, isShown: false }]);
    want(peer, down, b, 0);
    peer.give({ kind: 'packet', link: up, packet: chunk(c, 0), attested: false });
    expect(serve(peer)).toEqual([0]);
    expect(peer.sent(down, 'chunk').map((packet) => packet.header.seq)).toEqual([0]);
    // What is said from now on is for its user, too.
    const other = {
      content: 'file',
      data: manifestBody.encode({ ...manifest, file: 8 }),
      to: noNode,
      channel: '',
    } as const;
    const packet = c.verified(c.factory.newMessage([other], 2, 1));
    peer.clear().give({ kind: 'packet', link: up, packet, attested: false });
    expect(peer.of('file')).toMatchObject([{ isShown: true }]);
  });

  it('[F2] takes chunks in order only, and sends each on as it arrives', () => {
    const { peer, up, down } = between();
    want(peer, down, b, 0);
    peer.give({ kind: 'packet', link: up, packet: chunk(c, 1), attested: false });
    expect(peer.of('chunk')).toEqual([]);
    peer.give({ kind: 'packet', link: up, packet: chunk(c, 0), attested: false });
    expect(peer.of('chunk').map((output) => [output.packet.header.seq, output.done])).toEqual([[0, false]]);
    expect(serve(peer)).toEqual([0]);
    expect(peer.sent(down, 'chunk').map((packet) => [packet.header.seq, packet.hops])).toEqual([[0, 2]]);
    expect(peer.sent(up, 'chunk')).toEqual([]);
    peer.give({ kind: 'packet', link: up, packet: chunk(c, 0), attested: false });
    expect(peer.of('chunk')).toHaveLength(1);
  });

  it('[F3] resumes at a new parent and with a new client where it stopped', () => {
    const { peer, up } = between();
    for (let index = 0; index < 4; index++)
      peer.give({ kind: 'packet', link: up, packet: chunk(c, index), attested: false });
    const late = peer.clear().takeClient(new Other(13));
    expect(peer.sent(late, 'want').map((packet) => wantBody.decode(packet.body)?.[0]?.next)).toEqual([4]);
    want(peer, late, new Other(13), 2);
    expect(serve(peer)).toEqual([2, 3]);
    const next = peer.clear().attachTo(new Other(14), [new Other(14).id], { purpose: 'move' }, 'move');
    expect(peer.sent(next, 'want').map((packet) => wantBody.decode(packet.body)?.[0]?.next)).toEqual([4]);
  });

  it('[F4] keeps few chunks under way, more as they are taken quickly, and stops at the window', () => {
    const peer = new PeerScript(1).becomeHead();
    const down = peer.takeClient(b);
    const message = {
      content: 'file',
      data: manifestBody.encode({ ...manifest, sizeBytes: 2_000_000, chunkBytes: 16_000 }),
      to: noNode,
      channel: '',
    } as const;
    peer.clear().give({ kind: 'send', messages: [message], timeMs: 1 });
    const own = fileKey(peer.me.id, peer.core.view().session, 7);
    const have = { sender: peer.me.id, session: peer.core.view().session, file: 7 };
    peer.packet(down, b, b.factory.newWant([{ ...have, next: 0 }]));
    const read = () => {
      const indexes = peer.of('readChunk').map(({ index }) => index);
      peer.clear();
      for (const index of indexes) {
        const packet = peer.me.verified(peer.core.factory.newChunk(7, index, new Uint8Array(16_000)));
        peer.give({ kind: 'chunkRead', link: down, file: own, index, packet });
      }
      return indexes;
    };
    expect([read(), read()]).toEqual([[0, 1], []]);
    // The channel's buffer is empty, but they are not taken yet.
    peer.give({ kind: 'linkDrained', link: down, bytes: 60_000 });
    expect(read()).toEqual([]);
    let confirmed = 0;
    for (let round = 0, next = 2; round < 6; round++) {
      while (confirmed < next) peer.packet(down, b, b.factory.newWant([{ ...have, next: ++confirmed }], 'confirm'));
      peer.give({ kind: 'linkDrained', link: down, bytes: 60_000 });
      for (let indexes = read(); indexes.length > 0; indexes = read()) next = (indexes.at(-1) ?? 0) + 1;
    }
    peer.give({ kind: 'linkDrained', link: down, bytes: 60_000 });
    peer.packet(down, b, b.factory.newWant([{ ...have, next: 50 }], 'confirm'));
    let bytes = 0;
    for (let indexes = read(); indexes.length > 0; indexes = read()) bytes += indexes.length * 16_000;
    expect(bytes).toBeGreaterThan(32_000);
    // One more is let in while fewer bytes wait.
    expect(bytes).toBeLessThan(fileWindowBytes + 16_000);
    // What was sent in vain is sent again from where it is asked for.
    peer.give({ kind: 'linkDrained', link: down, bytes: 60_000 });
    while (read().length > 0) peer.give({ kind: 'linkDrained', link: down, bytes: 60_000 });
    peer.packet(down, b, b.factory.newWant([{ ...have, next: 40 }]));
    expect(read()[0]).toBe(40);
  });

  it('[F4] says what it has taken, of what came twice too', () => {
    const { peer, up } = between();
    const taken = () =>
      peer
        .sent(up, 'want')
        .filter((packet) => packet.action === 'confirm')
        .map((packet) => wantBody.decode(packet.body)?.[0]?.next);
    peer.give({ kind: 'packet', link: up, packet: chunk(c, 0), attested: false });
    peer.give({ kind: 'packet', link: up, packet: chunk(c, 1), attested: false });
    peer.give({ kind: 'packet', link: up, packet: chunk(c, 0), attested: false });
    expect(taken()).toEqual([1, 2, 2]);
    for (let index = 2; index < 10; index++)
      peer.give({ kind: 'packet', link: up, packet: chunk(c, index), attested: false });
    peer.clear().give({ kind: 'packet', link: up, packet: chunk(c, 9), attested: false });
    expect(taken()).toEqual([10]);
    peer.give({ kind: 'packet', link: up, packet: chunk(c, 10), attested: false });
    expect(peer.of('chunk')).toEqual([]);
  });

  it('[F5] reports towards the sender, and the sender learns how many have it', () => {
    const { peer, up, down } = between();
    hangs(peer, up, a, c, a);
    for (let index = 0; index < 10; index++)
      peer.give({ kind: 'packet', link: up, packet: chunk(c, index), attested: false });
    expect(peer.of('chunk').at(-1)?.done).toBe(true);
    report(peer, down, b, 2, 5);
    peer.pass(1_100);
    expect([reported(peer, up), reported(peer, down)]).toEqual([['3/6'], []]);

    const { sender, client } = sending();
    report(sender, client, a, 3, 6, sender.me);
    sender.pass(1_100);
    expect(sender.of('fileProgress')).toMatchObject([{ complete: 3, peers: 6 }]);
  });

  it('[F5] follows a sender that moved, and counts nobody on its side', () => {
    const { peer, up, down } = between();
    hangs(peer, up, a, c, a);
    report(peer, down, b, 2, 5);
    peer.pass(1_100);
    expect(reported(peer, up)).toEqual(['2/6']);
    // It hangs below the client from now on, with the file that came from above.
    peer.clear();
    hangs(peer, down, b, c, b, 2);
    report(peer, up, a, 4, 9);
    peer.pass(1_100);
    expect([reported(peer, up), reported(peer, down)]).toEqual([[], ['4/10']]);
  });

  it('[F5] forgets who was behind a link that ended, also one that gave way to another', () => {
    const { sender, client } = sending();
    const other = sender.takeClient(b);
    report(sender, client, a, 3, 6, sender.me);
    report(sender, other, b, 1, 1, sender.me);
    sender.pass(1_100);
    // The same peer comes by a newer link, and another is gone.
    const again = sender.takeClient(a);
    expect(sender.closed(client)).toBe('replaced');
    sender.packet(other, b, b.factory.newLeave(b.id, 'left', 7)).pass(1_100);
    expect(sender.of('fileProgress').at(-1)).toMatchObject({ complete: 0, peers: 0 });
    report(sender, again, a, 3, 6, sender.me);
    sender.pass(1_100);
    expect(sender.of('fileProgress').at(-1)).toMatchObject({ complete: 3, peers: 6 });
  });

  it('[F5] forgets the side of a parent that its sender left', () => {
    const sender = new PeerScript(2).register();
    const old = sender.attachTo(a);
    announce(sender);
    report(sender, old, a, 5, 5, sender.me);
    sender.pass(1_100);
    const next = sender.attachTo(b, [b.id], { purpose: 'move' }, 'move');
    report(sender, next, b, 4, 4, sender.me);
    sender.pass(1_100);
    expect(sender.of('fileProgress').map(({ complete, peers }) => [complete, peers])).toEqual([
      [5, 5],
      [4, 4],
    ]);
  });

  it('[F5] tells a new parent, and says again what may have been lost', () => {
    const { peer, up } = between();
    hangs(peer, up, a, c, a);
    peer.pass(1_100);
    expect(reported(peer, up)).toEqual(['0/1']);
    want(peer, up, a, 10);
    peer.pass(1_100);
    expect(reported(peer, up)).toEqual(['0/1', '0/1']);
    const d = new Other(14);
    const next = peer.attachTo(d, [d.id], { purpose: 'move' }, 'move');
    peer.pass(1_100);
    expect(reported(peer, next)).toEqual(['0/1']);
  });

  it('[F6] tells who sends a file that is kept no longer to stop', () => {
    const { peer, up } = between();
    peer.give({ kind: 'packet', link: up, packet: chunk(c, 0), attested: false });
    peer.clear().give({ kind: 'dropFile', file: key });
    expect(peer.sent(up, 'want').map((packet) => wantBody.decode(packet.body)?.[0]?.next)).toEqual([10]);
    peer.give({ kind: 'packet', link: up, packet: chunk(c, 1), attested: false });
    expect(peer.of('chunk')).toEqual([]);
  });

  it('[F6] forgets a file that its sender takes back, and the oldest complete one beyond 32', () => {
    const { peer, up } = between();
    const message = { content: 'cancel', data: cancelBody.encode({ file: 7 }), to: noNode, channel: '' } as const;
    peer.give({ kind: 'packet', link: up, packet: c.verified(c.factory.newMessage([message], 2, 1)), attested: false });
    expect(peer.of('fileGone')).toEqual([{ kind: 'fileGone', file: key, cancelled: true }]);
    const head = new PeerScript(2).becomeHead();
    for (let file = 0; file < 33; file++) {
      const data = manifestBody.encode({ ...manifest, file });
      head.give({ kind: 'send', messages: [{ content: 'file', data, to: noNode, channel: '' }], timeMs: 1 });
    }
    expect(head.of('fileGone')).toMatchObject([{ cancelled: false }]);
    head.give({ kind: 'dropFile', file: head.of('file').at(-1)?.file ?? key });
    expect(head.of('fileGone')).toHaveLength(2);
  });
});
