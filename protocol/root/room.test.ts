import { describe, expect, it } from 'vitest';
import type { LinkReason } from '../errors.ts';
import type { NodeId } from '../types.ts';
import { RootScript, seededRng, type ScriptPeer } from './root-script.ts';

/** Peers as they were, told again to a root that knows nothing. */
function retell(before: RootScript, after: RootScript, peers: readonly ScriptPeer[]): void {
  const { head, nodes } = before.view();
  for (const peer of peers) {
    const node = nodes.get(peer.id);
    peer.inbox.length = 0;
    after.register(peer, {
      head: head === peer.id,
      subtreeSize: head === peer.id ? nodes.size : 1,
      depth: node?.depth ?? 255,
      clients: node?.clients ?? [],
      ...(node?.parent === undefined ? {} : { parent: node.parent }),
    });
  }
}

describe('a root without state', () => {
  it('[R7] keeps the slots of clients that were stated and have not come yet', () => {
    const before = new RootScript();
    const [head, a, b] = [before.join(), before.join(), before.join()];
    const after = new RootScript({}, { epochMs: 99_000 });
    retell(before, after, [head]);
    const newcomer = before.newPeer();
    after.register(newcomer);
    // The head has two slots and said who has them.
    expect(after.advertise(newcomer)?.result).toBe('none');
    retell(before, after, [a]);
    expect(after.advertise(newcomer)?.target).toBe(a.id);
    // The other one never comes: its slot is not kept for ever.
    after.pass(6_001);
    expect(after.advertise(newcomer)?.target).toBe(head.id);
    expect(after.parentOf(b)).toBeUndefined();
  });

  it('[R7] [H12] takes peers at their word for a head whose own way to the root is broken', () => {
    const before = new RootScript();
    const [head, a, b, c] = [before.join(), before.join(), before.join(), before.join()];
    const after = new RootScript({}, { epochMs: 99_000 });
    retell(before, after, [c, b, a]);
    const newcomer = before.newPeer();
    after.register(newcomer);
    expect(after.advertise(newcomer)?.result).toBe('none');
    after.pass(6_001);
    expect(after.view().head).toBe(head.id);
    expect([a, b, c].map((peer) => after.depthOf(peer))).toEqual([2, 2, 3]);
    expect([b.id, a.id]).toContain(after.advertise(newcomer)?.target);
    // Nobody is taken from it, and when it comes it is what it was.
    after.pass(60_000);
    expect([a, b].map((peer) => peer.assignments())).toEqual([[], []]);
    retell(before, after, [head]);
    expect([after.view().head, after.view().nodes.get(head.id)?.clients.length]).toEqual([head.id, 2]);
  });

  it('[R7] [A4] hands such a head’s place on when its clients say that it is gone', () => {
    const before = new RootScript();
    const [head, a, b] = [before.join(), before.join(), before.join()];
    const after = new RootScript({}, { epochMs: 99_000 });
    retell(before, after, [a, b]);
    after.pass(7_000);
    expect(after.advertise(a, { complaint: head.id, reason: 'silent' })?.result).toBe('head');
    expect(after.advertise(b, { complaint: head.id, reason: 'silent' })?.target).toBe(a.id);
  });

  it('[A4] lets the first peer of an empty room begin at once', () => {
    const root = new RootScript({}, { epochMs: 100_000 });
    const first = root.newPeer();
    root.register(first);
    expect(root.advertise(first)?.result).toBe('head');
  });
});

describe('two heads', () => {
  it('[R8] what the picture shows counts as much as what a head said of itself', () => {
    const root = new RootScript();
    const peers = Array.from({ length: 6 }, () => root.join());
    const rival = root.newPeer();
    // The head registered with a subtree of one and has not folded since.
    root.register(rival, { head: true, subtreeSize: 3 });
    expect(root.view().head).toBe(peers[0]?.id);
  });

  it('[R8] one that lost goes on being told until it has moved', () => {
    const root = new RootScript();
    const head = root.newPeer();
    root.register(head, { head: true, subtreeSize: 5 });
    const rival = root.newPeer();
    root.register(rival, { head: true, subtreeSize: 2 });
    const fold = { epoch: 0, round: 1, subtreeSize: 2, height: 1, freeSlots: 1, attachEpoch: 1 };
    root.give(rival, rival.factory.newReunion(fold));
    const [first] = rival.assignments();
    expect(first).toMatchObject({ purpose: 'move', target: head.id });
    // The ticket came to nothing. As the pair is blocked for a minute, nobody else can take it in before.
    root.pass(80_000).give(rival, rival.factory.newReunion({ ...fold, round: 20 }));
    const again = rival.assignments().at(-1);
    expect(again?.ticket).not.toBe(first?.ticket);
    root.follow(rival, again);
    expect(root.parentOf(rival)).toBe(head.id);
  });
});

describe('who is in doubt', () => {
  it('[A1] [H12] a parent that its client reported dead gets newcomers last, until its socket would have told', () => {
    const root = new RootScript({ balance: false });
    const head = root.join();
    const [a, b] = [root.join(), root.join()];
    const under = root.join();
    expect(root.parentOf(under)).toBe(a.id);
    root.follow(under, root.advertise(under, { complaint: a.id, reason: 'silent' }));
    // Both slots of a are free, and one of b's: a is nearer to its turn, but in doubt.
    expect([root.parentOf(root.join()), root.view().nodes.get(b.id)?.clients.length]).toEqual([b.id, 2]);
    const next = root.join();
    expect(root.depthOf(next)).toBe(4);
    root.pass(18_001);
    expect(root.parentOf(root.join())).toBe(a.id);
    expect(head.ended).toBe(false);
  });

  it('[A1] one in doubt serves when there is nobody else', () => {
    const root = new RootScript({ balance: false });
    const head = root.join({ clientsMax: 2 });
    const a = root.join({ clientsMax: 0 });
    root.advertise(a, { complaint: head.id, reason: 'refused-full' });
    const other = root.newPeer();
    root.register(other);
    expect(root.advertise(other)?.target).toBe(head.id);
  });

  it('[A8] what was full may be tried again after a moment, what could not be reached from neither side', () => {
    const root = new RootScript({ balance: false });
    const head = root.join({ clientsMax: 1 });
    const asker = root.newPeer();
    root.register(asker);
    root.advertise(asker);
    expect(root.advertise(asker, { complaint: head.id, reason: 'refused-full' })?.result).toBe('none');
    root.pass(2_001);
    expect(root.advertise(asker)?.target).toBe(head.id);
    const pair = new RootScript({ balance: false });
    const [first, a, b] = [pair.join(), pair.join(), pair.join()];
    pair.follow(a, pair.advertise(a, { complaint: b.id, reason: 'connect-timeout' }));
    expect(pair.parentOf(a)).toBe(first.id);
    // Only a could take b in now.
    expect(pair.advertise(b, { complaint: first.id, reason: 'hello-timeout' })?.result).toBe('none');
    pair.pass(60_001);
    expect(pair.advertise(b)?.target).toBe(first.id);
  });

  it('[H12] a stranger’s complaint deposes nobody', () => {
    const root = new RootScript();
    const head = root.join();
    const asker = root.newPeer();
    root.register(asker);
    root.advertise(asker);
    root.advertise(asker, { complaint: head.id, reason: 'failed' });
    expect(root.view().head).toBe(head.id);
  });
});

describe('reservations', () => {
  it('[A3] live as long as the root was told, and end with the asker’s socket', () => {
    const root = new RootScript({ ticketLifeMs: 3_000 });
    root.join();
    const [a, b] = [root.newPeer(), root.newPeer()];
    root.register(a).register(b);
    expect(root.advertise(a)?.expiresInMs).toBe(3_000);
    root.pass(3_001);
    expect(root.view().reservations).toBe(0);
    root.advertise(b);
    expect(root.view().reservations).toBe(1);
    root.close(b);
    expect(root.view().reservations).toBe(0);
  });

  it('[A3] a peer that was rescued gives back what it was on the way to', () => {
    const root = new RootScript();
    const [head, a, b] = [root.join(), root.join(), root.join()];
    const c = root.join();
    root.advertise(c, { complaint: a.id, reason: 'closed' });
    expect(root.view().reservations).toBe(1);
    root.confirm(c, b.id);
    expect([root.view().reservations, root.parentOf(c), head.ended]).toEqual([0, b.id, false]);
  });

  it('[A3] [H11] who says again where it hangs is still on its way, and is not sent there anew each round', () => {
    const root = new RootScript();
    const head = root.join({ clientsMax: 1 });
    const [a, b] = [root.join({ clientsMax: 1 }), root.join({ clientsMax: 1 })];
    root.give(head, head.factory.newOffer({ clientsMax: 2, role: 'peer', hidden: false })).pass(4_001);
    const moves = (): string[] =>
      b.assignments().flatMap(({ purpose, target }) => (purpose === 'move' ? [target] : []));
    expect(moves()).toEqual([head.id]);
    root.confirm(b, a.id).pass(4_001);
    root.confirm(b, a.id).pass(4_001);
    expect([root.view().reservations, moves()]).toEqual([1, [head.id]]);
    // Another place is another matter.
    root.confirm(b, head.id);
    expect(root.view().reservations).toBe(0);
  });

  it('[A2] a move that is under way counts as an edge, too', () => {
    const root = new RootScript();
    const head = root.join({ clientsMax: 1 });
    const a = root.join({ clientsMax: 1 });
    const b = root.join({ clientsMax: 1 });
    const c = root.join({ clientsMax: 3 });
    // Two slots more at the head: the deepest is ordered up to it.
    root.give(head, head.factory.newOffer({ clientsMax: 2, role: 'peer', hidden: false })).pass(4_001);
    const order = c.assignments().at(-1);
    expect(order).toMatchObject({ purpose: 'move', target: head.id });
    // The only free slots besides are c's, who is about to hang from the head: the head must not go below it.
    expect(root.advertise(head)?.result).toBe('head');
    expect([a, b].every((peer) => !peer.ended)).toBe(true);
  });

  it('[A9] [A10] two leaves of one parent may be displaced at once, never more than k and two', () => {
    const root = new RootScript({ balance: false });
    const head = root.join({ clientsMax: 2 });
    root.join({ role: 'leaf', clientsMax: 0 });
    root.join({ role: 'leaf', clientsMax: 0 });
    const desktops = [root.newPeer(), root.newPeer(), root.newPeer()];
    const answers = desktops.map((desktop) => root.register(desktop, { clientsMax: 2 }).advertise(desktop));
    expect(answers.slice(0, 2).map((answer) => answer?.target)).toEqual([head.id, head.id]);
    expect(
      head
        .expects()
        .slice(-2)
        .map((one) => one.excess),
    ).toEqual([1, 2]);
    expect(answers[2]?.target).not.toBe(head.id);
  });
});

describe('pairs that cannot connect', () => {
  it('[A8] come after everybody else, those that offer nothing included', () => {
    const root = new RootScript({ balance: false });
    const head = root.join({ clientsMax: 2 });
    const leaf = root.join({ role: 'leaf', clientsMax: 3 });
    const phone = root.join({ clientsMax: 0 });
    const other = root.newPeer();
    root.register(other, { role: 'leaf' });
    root.leave(phone, phone.id);
    expect(root.advertise(other)?.target).toBe(head.id);
    expect(root.advertise(other, { complaint: head.id, reason: 'connect-timeout' })?.target).toBe(leaf.id);
    // Neither that ticket nor the complaint keeps it from anybody now, and the head has a free slot.
    root.pass(80_000);
    expect(root.advertise(other)?.target).toBe(leaf.id);
    // Nobody else is left.
    root.advertise(other, { complaint: leaf.id, reason: 'connect-timeout' });
    expect(root.advertise(other)?.target).toBe(head.id);
  });

  it('[A1] a leaf that could carry more than two is pressed into two', () => {
    const root = new RootScript({ balance: false });
    const head = root.join({ role: 'leaf', clientsMax: 8 });
    const others = [0, 1, 2].map(() => root.join({ role: 'leaf', clientsMax: 8 }));
    expect(others.map((other) => root.parentOf(other))).toEqual([head.id, head.id, others[0]?.id]);
  });
});

describe('displacing', () => {
  it('[A1] [A10] gives a leaf that could carry more than two no third client', () => {
    const root = new RootScript({ balance: false });
    const head = root.join({ role: 'leaf', clientsMax: 8 });
    const phones = [root.join({ role: 'leaf', clientsMax: 0 }), root.join({ role: 'leaf', clientsMax: 0 })];
    const desktop = root.join({ clientsMax: 4 });
    expect(phones.map((phone) => root.parentOf(phone))).toEqual([head.id, head.id]);
    expect(root.parentOf(desktop)).toBe(phones[0]?.id);
  });
});

describe('complaints', () => {
  it('[A2] about everybody in a small room are lifted, but not about those that it cannot connect to', () => {
    const root = new RootScript({ balance: false });
    const [head, other, phone] = [root.join(), root.join(), root.join()];
    const complain = (about: ScriptPeer, reason: LinkReason): NodeId | undefined => {
      const answer = root.advertise(phone, { complaint: about.id, reason });
      root.follow(phone, answer);
      return answer?.result === 'node' ? answer.target : undefined;
    };
    expect(root.parentOf(phone)).toBe(head.id);
    expect(complain(head, 'silent')).toBe(other.id);
    // The head is blocked still: both are, so both are free again.
    expect([head.id, other.id]).toContain(complain(other, 'silent'));
    expect(complain(head, 'connect-timeout')).toBe(other.id);
    expect(complain(other, 'connect-timeout')).toBeUndefined();
    root.pass(60_001);
    expect(root.advertise(phone)?.result).toBe('node');
  });
});

describe('reports that contradict each other', () => {
  it('[H11] a peer whose word closed a circle keeps its place once the older word is corrected', () => {
    const root = new RootScript({ balance: false });
    const [head, a, b] = [root.join({ clientsMax: 1 }), root.join({ clientsMax: 1 }), root.join({ clientsMax: 1 })];
    expect(root.parentOf(b)).toBe(a.id);
    // b went elsewhere and a below b; a's word comes first.
    root.confirm(a, b.id);
    expect(root.parentOf(a)).toBeUndefined();
    root.confirm(b, head.id).pass(4_001);
    expect([root.parentOf(b), root.parentOf(a)]).toEqual([head.id, b.id]);
    expect(a.assignments()).toHaveLength(1);
  });

  it('[H11] one that hangs nowhere and does not ask is told where to go', () => {
    const root = new RootScript({ balance: false });
    const [head, a] = [root.join(), root.join()];
    root.leave(head, a.id);
    expect(root.parentOf(a)).toBeUndefined();
    root.pass(13_000);
    expect(a.assignments().at(-1)).toMatchObject({ purpose: 'move', target: head.id });
  });
});

describe('rates', () => {
  it('[W8] one socket’s flood is answered once and costs the others nothing', () => {
    const root = new RootScript();
    const [head, flooder] = [root.join(), root.join()];
    flooder.inbox.length = 0;
    for (let i = 0; i < 200; i++)
      root.give(flooder, flooder.factory.newProbe({ probe: i, path: [flooder.id], signature: undefined }, 'pull'));
    const answered = flooder.inbox.filter((packet) => packet.action === 'confirm').length;
    expect(answered).toBeGreaterThan(50);
    expect(answered).toBeLessThanOrEqual(60);
    expect([flooder.errors(), flooder.ended, head.errors()]).toEqual([['rate'], false, []]);
    root
      .pass(1_000)
      .give(flooder, flooder.factory.newProbe({ probe: 1, path: [flooder.id], signature: undefined }, 'pull'));
    expect(flooder.inbox.filter((packet) => packet.action === 'confirm')).toHaveLength(answered + 1);
  });

  it('[A6] signals that no ticket covers count, those of a live one have their own bound', () => {
    const root = new RootScript();
    const [head, asker] = [root.join(), root.newPeer()];
    root.register(asker);
    const ticket = root.advertise(asker)?.ticket ?? ('' as never);
    asker.inbox.length = 0;
    for (let i = 0; i < 40; i++)
      root.give(asker, asker.factory.newSignal({ to: head.id, ticket, data: Uint8Array.of(i) }));
    expect(asker.errors()).toEqual([]);
    for (let i = 0; i < 200; i++)
      root.give(asker, asker.factory.newSignal({ to: head.id, ticket, data: Uint8Array.of(i) }));
    expect(asker.errors().length).toBeLessThanOrEqual(61);
    expect([asker.errors()[0], asker.errors().at(-1), asker.ended]).toEqual(['no-ticket', 'rate', false]);
  });

  it('[R4] who left is a stranger until a new socket', () => {
    const root = new RootScript();
    const [, peer] = [root.join(), root.join()];
    root.leave(peer);
    root.give(peer, peer.factory.newLeave(peer.id, 'left', 0));
    expect(peer.errors()).toEqual(['out-of-turn']);
    root.give(peer, root.regReq(peer));
    expect([peer.errors().at(-1), peer.ended]).toEqual(['challenge', true]);
    root.register(peer);
    expect(root.advertise(peer)?.result).toBe('node');
  });
});

describe('balance', () => {
  it('[H11] comes to rest in rooms of peers, phones and relays that come, go and hide, with nobody beyond its slots for long', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const rng = seededRng(seed);
      const below = (count: number): number => rng.uint32() % count;
      const root = new RootScript({}, { seed });
      const alive = new Set<ScriptPeer>();
      const settle = (peer: ScriptPeer): void => {
        const last = peer.assignments().at(-1);
        peer.inbox.length = 0;
        // Who was ordered to move does, and now and then cannot.
        if (last?.purpose === 'move' && below(10) > 0) root.follow(peer, last);
        if (root.parentOf(peer) === undefined && root.view().head !== peer.id) root.follow(peer, root.advertise(peer));
      };
      for (let i = 0; i < 120; i++) {
        const choice = below(10);
        const [victim] = [...alive].slice(below(alive.size + 1));
        if (choice < 6 || alive.size < 10) {
          const role = (['peer', 'peer', 'leaf', 'relay'] as const)[below(4)] ?? 'peer';
          alive.add(root.join({ role, clientsMax: role === 'leaf' ? 0 : 1 + below(4) }));
        } else if (victim && choice < 8) {
          alive.delete(victim);
          root.leave(victim).close(victim);
        } else if (victim) {
          root.give(
            victim,
            victim.factory.newOffer({ clientsMax: 1 + below(3), role: 'peer', hidden: below(2) === 0 }),
          );
        }
        if (below(3) === 0) root.pass(below(5_000));
        for (const peer of alive) settle(peer);
      }
      let quietRounds = 0;
      for (let round = 0; round < 400 && quietRounds < 30; round++) {
        root.pass(4_000);
        const moved = [...alive].some((peer) => peer.assignments().length > 0);
        quietRounds = moved ? 0 : quietRounds + 1;
        for (const peer of alive) settle(peer);
      }
      expect(quietRounds).toBe(30);
      const view = root.view();
      const nodes = [...view.nodes.values()];
      expect(nodes.every((node) => node.depth !== undefined)).toBe(true);
      for (const node of nodes) expect(node.clients.length).toBeLessThanOrEqual(Math.max(node.clientsMax, 2));
      const depthOf = (id: NodeId): number => view.nodes.get(id)?.depth ?? 0;
      expect(Math.max(...nodes.map((node) => depthOf(node.id)))).toBeLessThan(16);
    }
  });
});
