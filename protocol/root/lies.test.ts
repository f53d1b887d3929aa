import { describe, expect, it } from 'vitest';
import { complaintsPerMinute } from '../limits.ts';
import { RootScript, type ScriptPeer } from './root-script.ts';

/** A room with a head and members below it, all of them told by themselves. */
function roomOf(root: RootScript, count: number): ScriptPeer[] {
  return Array.from({ length: count }, () => root.join({ clientsMax: 8 }));
}

function fold(root: RootScript, peer: ScriptPeer, subtreeSize: number): void {
  const { attachEpoch } = peer;
  root.give(peer, peer.factory.newReunion({ epoch: 0, round: 1, subtreeSize, height: 1, freeSlots: 0, attachEpoch }));
}

describe('who says what others deny', () => {
  it('[R13] does not become head by a large number: those that it claims say that they hang elsewhere', () => {
    const root = new RootScript();
    const [head, ...members] = roomOf(root, 20) as [ScriptPeer, ...ScriptPeer[]];
    const liar = members[7]!;
    fold(root, liar, 0xffffffff);
    expect(root.view().head).toBe(head.id);
    const outsider = root.newPeer();
    root.register(outsider, { head: true, subtreeSize: 0xffffffff });
    expect(root.view().head).toBe(head.id);
    for (const member of members) expect(root.depthOf(member)).toBeDefined();
  });

  it('[R13] is head when those below it say so: a larger part that comes back leads', () => {
    const root = new RootScript();
    const [head] = roomOf(root, 3) as [ScriptPeer];
    const rival = root.newPeer();
    root.register(rival, { head: true, subtreeSize: 6 });
    expect(root.view().head).toBe(head.id);
    for (let i = 0; i < 5; i++) {
      const member = root.newPeer();
      root.register(member, { parent: rival.id, attachEpoch: 1, depth: 2 });
    }
    fold(root, rival, 6);
    expect(root.view().head).toBe(rival.id);
  });

  it('[R13] no number of a head’s own keeps it head against a larger part', () => {
    const root = new RootScript();
    const [head] = roomOf(root, 3) as [ScriptPeer];
    fold(root, head, 0xffffffff);
    const rival = root.newPeer();
    for (let i = 0; i < 5; i++) root.register(root.newPeer(), { parent: rival.id, attachEpoch: 1, depth: 2 });
    root.register(rival, { head: true, subtreeSize: 6 });
    for (let i = 0; i < 5; i++) root.register(root.newPeer(), { parent: rival.id, attachEpoch: 1, depth: 2 });
    fold(root, rival, 11);
    expect(root.view().head).toBe(rival.id);
  });
});

describe('who complains of everybody', () => {
  it('[R13] empties no tree: a stranger’s word removes nobody, not even who lost its socket', () => {
    const root = new RootScript();
    const [head, ...members] = roomOf(root, 12) as [ScriptPeer, ...ScriptPeer[]];
    const liar = root.join({ clientsMax: 0 });
    const absent = members.slice(0, 4);
    for (const member of absent) root.close(member);
    for (const { id } of [head, ...members]) {
      const answer = root.advertise(liar, { complaint: id, reason: 'silent' });
      expect(answer?.result).not.toBe('head');
      root.pass(200);
    }
    expect(root.view().head).toBe(head.id);
    const { nodes } = root.view();
    const isItsParent = (id: string): boolean => nodes.get(liar.id)?.parent === id;
    for (const { id } of [...members, head]) expect(nodes.has(id as never) || isItsParent(id)).toBe(true);
  });

  it('[R13] by naming each as its parent first has only so many of them doubted in a minute', () => {
    const root = new RootScript();
    const members = roomOf(root, 40);
    const liar = root.join({ clientsMax: 0 });
    // All sockets are closed for a moment, as when a network changes: two witnesses would be enough.
    for (const member of members.slice(1)) root.close(member);
    for (const { id } of members.slice(1)) {
      root.confirm(liar, id);
      root.advertise(liar, { complaint: id, reason: 'silent' });
      root.pass(100);
    }
    const gone = members.filter(({ id }) => !root.view().nodes.has(id));
    expect(gone.length).toBeLessThanOrEqual(complaintsPerMinute);
    expect(gone.length).toBeGreaterThan(0);
  });
});

describe('a complaint that a parent drops what it says it sent', () => {
  it('[K5] [R13] keeps newcomers from it while others have room, and takes nobody away from it', () => {
    const root = new RootScript();
    const [head, ...members] = Array.from({ length: 5 }, () => root.join({ clientsMax: 4 })) as [
      ScriptPeer,
      ...ScriptPeer[],
    ];
    const [dropper, witness] = [members[0]!, root.join({ clientsMax: 4 })];
    expect(head.id).toBe(root.view().head);
    const brother = root.join({ clientsMax: 0 });
    root.confirm(witness, dropper.id).confirm(brother, dropper.id);
    root.follow(witness, root.advertise(witness, { complaint: dropper.id, reason: 'dropped' }));
    expect(root.parentOf(witness)).not.toBe(dropper.id);
    expect(root.parentOf(brother)).toBe(dropper.id);
    const parents = Array.from({ length: 6 }, () => root.parentOf(root.join({ clientsMax: 0 })));
    expect(parents).not.toContain(dropper.id);
    // Nobody is left without a place for it.
    const late = Array.from({ length: 12 }, () => root.parentOf(root.join({ clientsMax: 0 })));
    expect(late).toContain(dropper.id);
    expect(late).not.toContain(undefined);
  });

  it('[K5] [R13] of a stranger does nothing', () => {
    const root = new RootScript();
    const [, ...members] = Array.from({ length: 5 }, () => root.join({ clientsMax: 4 })) as [
      ScriptPeer,
      ...ScriptPeer[],
    ];
    const stranger = root.join({ clientsMax: 4 });
    for (const { id } of members) root.follow(stranger, root.advertise(stranger, { complaint: id, reason: 'dropped' }));
    const parents = new Set(Array.from({ length: 12 }, () => root.parentOf(root.join({ clientsMax: 0 }))));
    expect(members.filter(({ id }) => parents.has(id)).length).toBeGreaterThan(1);
  });

  it('[K5] [H12] deposes a head when all of its clients say so', () => {
    const root = new RootScript();
    const head = root.join({ clientsMax: 4 });
    const client = root.join({ clientsMax: 4 });
    expect(root.advertise(client, { complaint: head.id, reason: 'dropped' })?.result).toBe('head');
    root.confirm(client, client.id);
    expect(root.view().head).toBe(client.id);
    root.follow(head, head.assignments().at(-1));
    expect(root.parentOf(head)).toBe(client.id);
  });
});
