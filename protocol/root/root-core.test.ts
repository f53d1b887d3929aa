import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RoomId } from '../types.ts';
import { regResBody } from '../wire/bodies.ts';
import { actions, encodePacket, decodePacket, type Packet } from '../wire/packet.ts';
import { RootScript, room, type ScriptPeer } from './root-script.ts';

/** What is wrong with a room's picture: too many clients, or a circle. */
function faults(root: RootScript): string[] {
  const found: string[] = [];
  for (const view of root.core.rooms()) {
    for (const node of view.nodes.values()) {
      if (node.clients.length > Math.max(node.clientsMax, 2) + 2)
        found.push(`${node.id} serves ${node.clients.length}`);
      let at = node.parent;
      for (let steps = 0; at !== undefined; steps++) {
        if (steps > view.nodes.size) {
          found.push(`${node.id} hangs in a circle`);
          break;
        }
        at = view.nodes.get(at)?.parent;
      }
    }
  }
  return found;
}

describe('registration', () => {
  it('[R1] [R4] opens with a challenge, and acknowledges who answers it', () => {
    const root = new RootScript();
    const [a, b] = [root.newPeer(), root.newPeer()];
    root.open(a).open(b);
    expect(a.inbox.map((packet) => packet.action)).toEqual(['push']);
    expect(a.challenge).not.toEqual(b.challenge);
    expect(a.challenge.some((byte) => byte !== 0)).toBe(true);
    root.give(a, root.regReq(a));
    expect(a.inbox.map((packet) => packet.action)).toEqual(['push', 'response']);
    root.give(b, b.factory.newLeave(b.id, 'left', 0xffffffff));
    expect(b.errors()).toEqual(['out-of-turn']);
  });

  it('[R1] [R2] [R3] refuses a wrong challenge, an old one, another origin and a joiner without the secret', () => {
    const attempt = (spoil: (root: RootScript, peer: ScriptPeer) => void): unknown => {
      const root = new RootScript();
      const peer = root.newPeer();
      root.open(peer);
      spoil(root, peer);
      expect(root.core.rooms()).toEqual([]);
      return [peer.errors().at(-1), peer.ended];
    };
    expect(attempt((root, peer) => root.give(peer, root.regReq(peer, { challenge: new Uint8Array(32) })))).toEqual([
      'challenge',
      true,
    ]);
    expect(attempt((root, peer) => root.give(peer, root.regReq(peer, { origin: 'http://evil' })))).toEqual([
      'origin',
      true,
    ]);
    expect(attempt((root, peer) => root.give(peer, root.regReq(peer), false))).toEqual(['admission', true]);
  });

  it('[R5] ends a socket that does not register in time', () => {
    const root = new RootScript();
    const peer = root.newPeer();
    root.open(peer).pass(10_001);
    expect([peer.errors(), peer.ended]).toEqual([['deadline'], true]);
  });

  it('[R6] the newest socket of an id has it', () => {
    const root = new RootScript();
    const peer = root.join();
    const old = root.bySocket.get(peer.socket);
    const again = root.newPeer();
    Object.assign(again, { publicKey: peer.publicKey, id: peer.id });
    const twin = Object.assign(Object.create(Object.getPrototypeOf(peer) as object) as ScriptPeer, peer, {
      inbox: [],
      socket: -1,
    });
    root.register(twin);
    expect(old?.errors()).toEqual(['replaced']);
    expect(root.view().nodes.get(peer.id)?.connected).toBe(true);
  });

  it('[R7] a root without state adopts the tree as its peers state it and moves nobody', () => {
    const before = new RootScript();
    const peers = Array.from({ length: 7 }, () => before.join());
    const parents = new Map(peers.map((peer) => [peer.id, before.parentOf(peer)]));
    const after = new RootScript({}, { epochMs: 100_000 });
    const newcomer = before.newPeer();
    for (const peer of [...peers].reverse()) {
      peer.inbox.length = 0;
      const parent = parents.get(peer.id);
      after.register(peer, {
        head: parent === undefined,
        subtreeSize: parent === undefined ? 7 : 1,
        ...(parent ? { parent } : {}),
      });
      if (peer === peers[6]) {
        // Somebody said that a head exists, so a newcomer waits for it.
        after.register(newcomer);
        expect(after.advertise(newcomer)?.result).toBe('none');
      }
    }
    for (const peer of peers) expect(after.parentOf(peer)).toBe(parents.get(peer.id));
    expect(peers.map((peer) => after.depthOf(peer))).toEqual([1, 2, 2, 3, 3, 3, 3]);
    after.pass(60_000);
    for (const peer of peers) expect(peer.assignments()).toEqual([]);
    expect(after.advertise(newcomer)?.result).toBe('node');
  });

  it('[R8] of two heads the one with the larger subtree stays, and the other is told to move', () => {
    // Started a second ago: it has only their word for what hangs below them.
    const root = new RootScript({}, { epochMs: 99_000 });
    const [small, large] = [root.newPeer(), root.newPeer()];
    root.register(small, { head: true, subtreeSize: 3 });
    root.register(large, { head: true, subtreeSize: 5 });
    expect(root.view().head).toBe(large.id);
    expect(small.assignments()).toMatchObject([{ purpose: 'move', result: 'node', target: large.id }]);
    const late = root.newPeer();
    root.register(late, { head: true, subtreeSize: 4 });
    expect(root.view().head).toBe(large.id);
    expect(late.inbox.map(({ body }) => regResBody.decode(body)?.headDenied)).toContain(true);
  });

  it('[R9] rooms know nothing of each other', () => {
    const root = new RootScript();
    const here = root.join();
    const there = root.join({ room: 'c'.repeat(64) as RoomId });
    expect(root.core.rooms().map((view) => view.nodes.size)).toEqual([1, 1]);
    expect([here.assignments()[0]?.result, there.assignments()[0]?.result]).toEqual(['head', 'head']);
    root.leave(there);
    expect(root.core.rooms().map((view) => view.room)).toEqual([room]);
  });
});

describe('advertise', () => {
  it('[A1] [A4] the first is head; then each goes to the shallowest free slot', () => {
    const root = new RootScript();
    const peers = Array.from({ length: 15 }, () => root.join());
    expect(peers.map((peer) => root.depthOf(peer))).toEqual([1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4]);
    expect(faults(root)).toEqual([]);
  });

  it('[A1] prefers a peer that proved stable, and leaves serve only when nobody else does', () => {
    const root = new RootScript();
    root.join({ clientsMax: 2 });
    const [, young] = [root.join({ role: 'leaf' }), root.join({ clientsMax: 2 })];
    const next = root.join();
    expect(root.parentOf(next)).toBe(young.id);
    const phones = new RootScript();
    const first = phones.join({ clientsMax: 0, role: 'leaf' });
    const others = Array.from({ length: 5 }, () => phones.join({ clientsMax: 0, role: 'leaf' }));
    expect(others.filter((peer) => phones.parentOf(peer) === first.id)).toHaveLength(2);
    expect(others.every((peer) => phones.depthOf(peer) !== undefined)).toBe(true);
  });

  it('[A2] never assigns within the asker’s subtree, reservations included, nor the parent it complains about', () => {
    const root = new RootScript({ balance: false });
    const [head, a, b] = [root.join(), root.join(), root.join()];
    const under = root.join();
    expect(root.parentOf(under)).toBe(a.id);
    const given = root.advertise(a, { complaint: head.id, reason: 'silent' });
    expect(given?.target).toBe(b.id);
    // b is now on offer to a; it must not be placed below a or what hangs below a.
    const forB = root.advertise(b, { complaint: head.id, reason: 'refused-stale' });
    expect([a.id, under.id]).not.toContain(forB?.target);
  });

  it('[A3] reserves a slot at once and gives it back when the ticket expires, its asker asks again or leaves', () => {
    const root = new RootScript();
    const head = root.join({ clientsMax: 1 });
    const [a, b] = [root.newPeer(), root.newPeer()];
    root.register(a, { clientsMax: 1 }).register(b);
    expect(root.advertise(a)?.target).toBe(head.id);
    expect(root.view().reservations).toBe(1);
    expect(root.advertise(a)?.target).toBe(head.id);
    expect(root.view().reservations).toBe(1);
    root.pass(15_001);
    expect(root.view().reservations).toBe(0);
    expect(root.advertise(b)?.target).toBe(head.id);
    root.leave(b);
    expect(root.view().reservations).toBe(0);
  });

  it('[A4] the heir follows a head that leaves', () => {
    const root = new RootScript();
    const [head, heir] = [root.join(), root.join()];
    root.join();
    root.leave(head);
    expect(heir.assignments().at(-1)).toMatchObject({ result: 'head' });
    expect(root.view().head).toBe(heir.id);
  });

  it('[A5] tells both ends the target’s attach epoch, the target first', () => {
    const root = new RootScript();
    const head = root.join();
    head.attachEpoch = 41;
    root.confirm(head, head.id);
    const asker = root.newPeer();
    root.register(asker);
    const assignment = root.advertise(asker);
    expect(assignment?.placementVersion).toBe(42);
    expect(head.expects().at(-1)).toMatchObject({ client: asker.id, ticket: assignment?.ticket, placementVersion: 42 });
  });

  it('[A6] relays signals only between the two ends of a live ticket, at most 40 each way', () => {
    const root = new RootScript();
    const [head, asker, stranger] = [root.join(), root.newPeer(), root.join()];
    root.register(asker);
    const ticket = root.advertise(asker)?.ticket ?? ('' as never);
    const send = (from: ScriptPeer, to: ScriptPeer) =>
      root.give(from, from.factory.newSignal({ to: to.id, ticket, data: Uint8Array.of(1) }));
    const signals = (peer: ScriptPeer) => peer.inbox.filter((packet) => packet.header.type === 'signal').length;
    send(stranger, head);
    send(asker, stranger);
    expect([signals(head), signals(stranger), stranger.errors(), asker.errors()]).toEqual([
      0,
      0,
      ['no-ticket'],
      ['no-ticket'],
    ]);
    for (let i = 0; i < 45; i++) send(asker, head);
    send(head, asker);
    expect([signals(head), signals(asker)]).toEqual([40, 1]);
    root.pass(15_001);
    send(head, asker);
    expect(signals(asker)).toBe(1);
  });

  it('[A8] does not try a pair again that failed to connect', () => {
    const root = new RootScript();
    const head = root.join();
    const a = root.join();
    const asker = root.newPeer();
    root.register(asker);
    expect(root.advertise(asker)?.target).toBe(head.id);
    expect(root.advertise(asker, { complaint: head.id, reason: 'connect-timeout' })?.target).toBe(a.id);
    expect(root.advertise(asker, { complaint: a.id, reason: 'connect-timeout' })?.result).toBe('none');
    root.pass(60_001);
    expect(root.advertise(asker)?.target).toBe(head.id);
  });

  it('[A10] displaces a leaf when leaves hold every slot, and the leaf is then moved below', () => {
    const root = new RootScript();
    const head = root.join({ clientsMax: 2 });
    const phones = [root.join({ role: 'leaf' }), root.join({ role: 'leaf' })];
    const desktop = root.newPeer();
    root.register(desktop);
    const assignment = root.advertise(desktop);
    expect(assignment?.target).toBe(head.id);
    expect(head.expects().at(-1)?.excess).toBe(1);
    root.follow(desktop, assignment);
    root.pass(4_001);
    const moved = phones.find((phone) => phone.assignments().at(-1)?.purpose === 'move');
    expect(moved?.assignments().at(-1)?.target).toBe(desktop.id);
  });

  it('[H7] backs up to an uncle; clients of the head to one another in a fixed order, the heir to nobody', () => {
    const root = new RootScript();
    const peers = Array.from({ length: 13 }, () => root.join({ clientsMax: 4 }));
    const backups = peers.map((peer) => {
      const assignment = root.advertise(peer, { purpose: 'backup' });
      root.follow(peer, assignment);
      return peers.findIndex((other) => other.id === assignment?.target);
    });
    expect(backups.slice(0, 5)).toEqual([-1, -1, 1, 1, 2]);
    // Brothers spread over their uncles, so that one takes in no more than it has room for when their parent dies.
    for (const parent of peers) {
      const brothers = backups.filter((_, i) => i >= 5 && root.parentOf(peers[i] as ScriptPeer) === parent.id);
      if (brothers.length <= 3) expect(new Set(brothers).size).toBe(brothers.length);
    }
    expect(backups.slice(5).every((target) => target >= 0)).toBe(true);
    for (const [i, target] of backups.entries()) {
      if (i < 5) continue;
      expect(peers[target]?.id).not.toBe(root.parentOf(peers[i] as ScriptPeer));
    }
    for (const node of peers) expect(backups.filter((target) => peers[target] === node).length).toBeLessThanOrEqual(4);
  });
});

describe('reports', () => {
  it('[U1] [U6] answers the head’s fold and its reunion on demand, and nobody else’s', () => {
    const root = new RootScript();
    const [head, other] = [root.join(), root.join()];
    const fold = { epoch: 0, round: 3, subtreeSize: 9, height: 1, freeSlots: 1, attachEpoch: 1 };
    root.give(head, head.factory.newReunion(fold)).give(other, other.factory.newReunion({ ...fold, subtreeSize: 1 }));
    expect(head.inbox.some((packet) => packet.header.type === 'reunion' && packet.action === 'response')).toBe(true);
    expect(root.view().head).toBe(head.id);
    expect(other.errors()).toEqual(['out-of-turn']);
    root.give(head, head.factory.newProbe({ probe: 1, path: [other.id, head.id], signature: undefined }, 'pull'));
    expect(head.inbox.at(-1)).toMatchObject({ header: { type: 'reunion' }, action: 'confirm' });
  });

  it('[H12] a head without a socket stays head until its clients say it is dead', () => {
    const root = new RootScript();
    const [head, a, b] = [root.join(), root.join(), root.join()];
    root.close(head).pass(30_000);
    expect(root.view().head).toBe(head.id);
    expect(root.advertise(a, { complaint: head.id, reason: 'silent' })?.result).toBe('head');
    expect(root.view().nodes.has(head.id)).toBe(false);
    expect(root.advertise(b, { complaint: head.id, reason: 'silent' })?.target).toBe(a.id);
  });

  it('[H12] a head whose clients all say it is dead is head no longer, though its socket seems alive', () => {
    const root = new RootScript();
    const [head, a, b] = [root.join(), root.join(), root.join()];
    root.advertise(a, { complaint: head.id, reason: 'silent' });
    expect(root.view().head).toBe(head.id);
    expect(root.advertise(b, { complaint: head.id, reason: 'silent' })?.result).toBe('head');
    expect(head.assignments().at(-1)).toMatchObject({ purpose: 'move', target: b.id });
  });

  it('a peer without socket and clients loses its place after a while, at once when its parent says so', () => {
    const root = new RootScript();
    const [head, a, b] = [root.join(), root.join(), root.join()];
    root.close(a).pass(9_000);
    expect(root.view().nodes.has(a.id)).toBe(true);
    root.pass(2_000);
    expect(root.view().nodes.has(a.id)).toBe(false);
    root.close(b).leave(head, b.id);
    expect(root.view().nodes.has(b.id)).toBe(false);
  });
});

describe('balance', () => {
  it('[H11] makes the tree as shallow as it can be, one peer a round in a small room, and then keeps still', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const root = new RootScript({}, { seed });
      const peers = Array.from({ length: 60 }, () => root.join({ clientsMax: 3 }));
      const alive = new Set(peers);
      for (let i = 0; i < 30; i++) {
        const gone = [...alive][(seed * 7 + i * 13) % alive.size] as ScriptPeer;
        alive.delete(gone);
        root.leave(gone).close(gone);
        for (const peer of alive) {
          if (root.parentOf(peer) === undefined && root.view().head !== peer.id)
            root.follow(peer, root.advertise(peer));
        }
      }
      let moves = 0;
      for (let round = 0; round < 100; round++) {
        for (const peer of alive) peer.inbox.length = 0;
        root.pass(4_000);
        const moved = [...alive].filter((peer) => peer.assignments().length > 0);
        expect(moved.length).toBeLessThanOrEqual(1);
        moves += moved.length;
        for (const peer of moved) root.follow(peer, peer.assignments()[0]);
      }
      const depths = [...alive].map((peer) => root.depthOf(peer) ?? 99);
      // 1 + 3 + 9 + 27 >= 30
      expect(Math.max(...depths)).toBe(4);
      expect(faults(root)).toEqual([]);
      for (const peer of alive) peer.inbox.length = 0;
      root.pass(60_000);
      expect([...alive].flatMap((peer) => peer.assignments())).toEqual([]);
      expect(moves).toBeLessThan(60);
    }
  });
});

describe('any input', () => {
  it('[A9] [A2] never gives out more than k plus two slots nor closes a circle, whatever peers do and say', () => {
    const step = fc.record({ what: fc.nat(8), who: fc.nat(11), whom: fc.nat(11), ms: fc.nat(9_000) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), fc.nat(1_000), (steps, seed) => {
        const root = new RootScript({}, { seed });
        const peers = Array.from({ length: 12 }, () => root.newPeer());
        for (const peer of peers) root.register(peer);
        for (const { what, who, whom, ms } of steps) {
          const peer = peers[who] as ScriptPeer;
          const other = peers[whom] as ScriptPeer;
          if (peer.ended || !root.bySocket.has(peer.socket)) root.register(peer);
          else if (what === 0) root.follow(peer, root.advertise(peer, { complaint: other.id, reason: 'closed' }));
          else if (what === 1) root.advertise(peer);
          else if (what === 2) root.follow(peer, peer.assignments().at(-1));
          else if (what === 3) root.confirm(peer, other.id);
          else if (what === 4) root.leave(peer, other.id);
          else if (what === 5) root.close(peer);
          else if (what === 6) root.follow(peer, root.advertise(peer, { purpose: 'backup' }));
          else root.pass(ms);
          expect(faults(root).filter((fault) => fault.includes('circle'))).toEqual([]);
        }
        // Degrees are the root's own doing only where it assigned: false reports may claim anything.
        if (!steps.some((one) => one.what === 3 || one.what === 2)) expect(faults(root)).toEqual([]);
        root.pass(120_000);
        expect(root.core.rooms().every((view) => view.reservations <= peers.length)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('[W8] takes 100,000 random and mutated packets without a throw, and its other peers stay unharmed', () => {
    const root = new RootScript();
    const [head, good] = [root.join(), root.join()];
    const evil = root.newPeer();
    const types = [...Array.from({ length: 7 }, (_, i) => i), 16, 17, 32, 33];
    let runs = 0;
    let seed = 7;
    const random = (below: number): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % below;
    const samples: Packet[] = [
      evil.factory.newAdv({ purpose: 'parent', complaint: head.id, reason: 'silent', attachEpoch: 1 }),
      evil.factory.newConfirm({ purpose: 'parent', target: head.id, ticket: '0'.repeat(32) as never, attachEpoch: 1 }),
      evil.factory.newLeave(good.id, 'left', 0xffffffff),
      root.regReq(evil),
    ];
    while (runs < 100_000) {
      if (evil.socket < 0 || evil.ended) {
        root.register(evil);
        evil.inbox.length = 0;
      }
      runs++;
      let packet: Packet;
      if (random(2) === 0) {
        const sample = samples[random(samples.length)] as Packet;
        const body = sample.body.slice(0, random(4) === 0 ? random(sample.body.length + 1) : sample.body.length);
        if (body.length > 0) body[random(body.length)] = random(256);
        packet = { ...sample, body };
      } else {
        const body = Uint8Array.from({ length: random(80) }, () => random(256));
        const bytes = encodePacket({ ...(samples[0] as Packet), body });
        bytes[1] = types[random(types.length)] ?? 0;
        bytes[2] = random(actions.length);
        const decoded = decodePacket(bytes);
        if (!decoded.ok) continue;
        packet = decoded.packet;
      }
      root.give(evil, packet, random(2) === 0);
      if (runs % 50 === 0) root.pass(1_000);
      for (const peer of [evil, head, good]) if (peer.inbox.length > 100) peer.inbox.length = 0;
    }
    expect([head.ended, good.ended]).toEqual([false, false]);
    expect(root.view().nodes.has(head.id)).toBe(true);
    expect(faults(root)).toEqual([]);
    const late = root.join();
    expect(root.depthOf(late)).toBeDefined();
  }, 60_000);
});
