import { describe, expect, it } from 'vitest';
import { attestationAgeMaxMs, fullPictureMax, pathDeadAfterMs, reunionPeriodMs } from '../limits.ts';
import type { LinkId } from '../types.ts';
import type { Attestation } from '../wire/attestation.ts';
import { sweepBody, type SweepBody } from '../wire/bodies.ts';
import { Other, PeerScript } from './peer-script.ts';
import { RootWord } from './root-word.ts';

const [a, b] = [new Other(20), new Other(21)];

/** A peer below `a`, with a client, and everybody alive. */
function between(): { peer: PeerScript; up: LinkId; down: LinkId } {
  const peer = new PeerScript(1).register();
  const up = peer.attachTo(a);
  return { peer, up, down: peer.takeClient(b) };
}

function swept(peer: PeerScript, up: LinkId, attestation: Attestation | undefined, attested: boolean, size = 2): void {
  const body: SweepBody = { epoch: 1, round: 1, roomSize: size, attestation, path: [a.id] };
  peer.give({ kind: 'packet', link: up, packet: a.verified(a.factory.newSweep(body, 'response')), attested });
}

function lastSweep(peer: PeerScript, down: LinkId): SweepBody | undefined {
  return peer
    .sent(down, 'reunion')
    .map(({ body }) => sweepBody.decode(body))
    .at(-1);
}

describe('what an ancestor says of the root', () => {
  it('[U7] counts only with the root’s signature, and without one nobody detaches', () => {
    const { peer, up } = between();
    expect(peer.core.view().rootReachable).toBe(true);
    swept(peer, up, peer.attestation(2), false);
    expect(peer.core.view()).toMatchObject({ rootReachable: false, parent: a.id, state: 'attached' });
    swept(peer, up, peer.attestation(2), true);
    expect(peer.core.view().rootReachable).toBe(true);
    for (let passed = 0; passed < 3 * pathDeadAfterMs; passed += reunionPeriodMs) {
      for (let i = 0; i < 4; i++) peer.pass(reunionPeriodMs / 4).ping(up, a);
      swept(peer, up, undefined, false);
    }
    expect(peer.core.view()).toMatchObject({ rootReachable: false, parent: a.id, state: 'attached' });
  });

  it('[U7] an old word played again says nothing, however often it comes', () => {
    const { peer, up, down } = between();
    const old = peer.attestation(2);
    swept(peer, up, old, true);
    expect(peer.core.view().rootReachable).toBe(true);
    const reachable: boolean[] = [];
    for (let i = 0; i < 6; i++) {
      for (let j = 0; j < 4; j++)
        peer
          .pass(reunionPeriodMs / 4)
          .ping(up, a)
          .ping(down, b);
      swept(peer, up, old, true);
      reachable.push(peer.core.view().rootReachable);
    }
    expect(reachable).toEqual([true, true, false, false, false, false]);
    expect(peer.core.view().parent).toBe(a.id);
  });

  it('[U7] is passed down as it came, also by who cannot make out whether it is true', () => {
    const { peer, up, down } = between();
    const word = { ...peer.attestation(2), signature: new Uint8Array(64).fill(9) };
    peer.clear();
    swept(peer, up, word, false);
    expect(lastSweep(peer, down)?.attestation).toEqual(word);
  });

  it('[U7] a head that cannot show the root’s word counts as cut off, and passes on what it got', () => {
    const peer = new PeerScript(1).becomeHead().rootAnswersFold();
    const down = peer.takeClient(b);
    expect(peer.core.view().rootReachable).toBe(true);
    for (let i = 0; i < 6; i++) peer.pass(1_000).ping(down, b);
    expect(peer.core.view().rootReachable).toBe(false);
    expect(lastSweep(peer, down)?.attestation).toBeUndefined();
    peer.clear().rootAnswersFold();
    expect(peer.core.view().rootReachable).toBe(true);
    expect(lastSweep(peer, down)?.attestation?.signature[0]).toBe(6);
  });

  it('[U7] no head makes the room larger than the root signs, and the picture is not given up for it', () => {
    const { peer, up } = between();
    const told = (size: number): number => {
      swept(peer, up, peer.attestation(3), true, size);
      return peer.core.view().roomSize;
    };
    expect(told(10 * fullPictureMax)).toBeLessThanOrEqual(3);
    // While the root is away there is only the head's word for it.
    swept(peer, up, undefined, false, 10 * fullPictureMax);
    expect(peer.core.view().roomSize).toBe(10 * fullPictureMax);
  });
});

describe('the age of the root’s word', () => {
  const word = (timeMs: number): Attestation => ({
    epoch: 1,
    round: 1,
    roomSize: 1,
    timeMs,
    signature: new Uint8Array(64),
  });

  it('[U7] is told by the own clock and the Ack, whatever the root’s clock shows', () => {
    const root = new RootWord();
    expect(root.isFresh(word(5), 0)).toBe(false);
    root.registered(1_000_000, 40);
    expect(root.isFresh(word(1_000_000), 40 + attestationAgeMaxMs)).toBe(true);
    expect(root.isFresh(word(1_000_000), 60 + attestationAgeMaxMs)).toBe(false);
  });

  it('[U7] follows a clock that stood still in a sleep, and one that goes slower by what quartz may', () => {
    const root = new RootWord();
    root.registered(0, 0);
    // An hour's sleep that the own clock did not count: from then on the older ones are old.
    expect(root.isFresh(word(3_600_000), 1_000)).toBe(true);
    expect(root.isFresh(word(11_000), 12_000)).toBe(false);
    const slow = new RootWord();
    slow.registered(0, 0);
    for (let hour = 1; hour < 240; hour++)
      expect(slow.isFresh(word(hour * 3_600_000 * (1 - 0.0001)), hour * 3_600_000)).toBe(true);
  });

  it('[U7] starts anew with each registration: another root has another clock', () => {
    const root = new RootWord();
    root.registered(9_000_000, 0);
    expect(root.isFresh(word(5_000), 1_000)).toBe(false);
    root.registered(5_000, 1_000);
    expect(root.isFresh(word(5_000), 1_000)).toBe(true);
  });
});
