import { describe, expect, it } from 'vitest';
import { auditPeriodMs, droppedRounds } from '../limits.ts';
import { noNode, type PacketDigest } from '../types.ts';
import { advertiseBody, confirmBody } from '../wire/bodies.ts';
import { Other, PeerScript } from './peer-script.ts';

const parent = new Other(2);
const uncle = new Other(3);
const speaker = new Other(4);
const other = new Other(5);

/** A peer with a parent and a backup at an uncle, whose log holds nothing yet. */
class Child extends PeerScript {
  readonly up: number;
  readonly side: number;

  constructor() {
    super(1);
    this.up = this.register().attachTo(parent);
    this.packet(this.up, parent, parent.factory.newFrontier({ last: true, entries: [] }, 'response'));
    this.side = this.attachTo(uncle, [], { purpose: 'backup' });
    this.clear();
  }

  /** The links live on for a round, and acknowledge everything. */
  passRound(): void {
    for (let passed = 0; passed < auditPeriodMs; passed += 1_000) {
      this.ping(this.up, parent).ping(this.side, uncle).sweep(this.up, parent, [parent.id]);
      this.pass(1_000);
    }
  }

  /** The parent says what it has of the speaker, and whether it sent that. */
  states(seq: number, isSent = true): void {
    const digest = 'a'.repeat(32) as PacketDigest;
    const entries = [{ sender: speaker.id, session: speaker.factory.session, seq, digest }];
    this.packet(this.up, parent, parent.factory.newAudit({ isSent, entries }));
  }

  /** What it told the root of its parent. */
  complaints(): string[] {
    return this.sentRoot('advertise').flatMap(({ action, body }) => {
      const ask = action === 'request' ? advertiseBody.decode(body) : undefined;
      return ask && ask.complaint !== noNode ? [`${ask.reason} ${ask.complaint}`] : [];
    });
  }
}

/** Rounds in which the parent says it sent something, and brings it or not. */
function rounds(child: Child, count: number, act: (seq: number) => void): void {
  for (let seq = 1; seq <= count; seq++) {
    act(seq);
    child.passRound();
  }
}

const blamed = [`dropped ${parent.id}`];

describe('a parent', () => {
  it('[K5] that says it sent what it did not, round after round, is complained about', () => {
    const child = new Child();
    rounds(child, droppedRounds, () => {
      child.states(1);
    });
    expect(child.complaints()).toEqual([]);
    child.states(1);
    expect(child.complaints()).toEqual(blamed);
    expect(child.sent(child.up, 'frontier')).not.toEqual([]);
  });

  it('[K5] is so though all of it came around it', () => {
    const child = new Child();
    rounds(child, droppedRounds + 1, (seq) => {
      child.states(seq);
      child.pass(2_000);
      child.message(child.side, speaker, seq);
    });
    expect(child.complaints()).toEqual(blamed);
    expect(child.delivered(speaker)).toHaveLength(droppedRounds + 1);
  });

  it('[K5] is not for what it never said it had sent: it may not have had it, or not have come to it', () => {
    const child = new Child();
    rounds(child, 3 * droppedRounds, () => {
      child.states(1, false);
    });
    expect(child.complaints()).toEqual([]);
  });

  it('[K5] is not for what was lost on the way and came when it was asked for, nor for what others brought sooner', () => {
    const child = new Child();
    rounds(child, 3 * droppedRounds, (seq) => {
      child.states(seq);
      child.pass(500);
      child.message(seq % 2 === 0 ? child.up : child.side, speaker, seq);
    });
    expect(child.complaints()).toEqual([]);
  });

  it('[K5] is not for what this end left out itself', () => {
    const child = new Child();
    rounds(child, 3 * droppedRounds, () => {
      child.give({ kind: 'badPacket', link: child.up, blame: false });
      child.states(1);
    });
    expect(child.complaints()).toEqual([]);
  });

  it('[K5] is not for some accidents in a long time', () => {
    const child = new Child();
    for (let i = 1; i <= 2 * droppedRounds; i++) {
      child.states(i);
      child.passRound();
      child.message(child.side, speaker, i);
      child.states(i);
      for (let round = 0; round < 6; round++) child.passRound();
    }
    expect(child.complaints()).toEqual([]);
  });
});

describe('who leaves a parent that dropped something', () => {
  function leaving(): Child {
    const child = new Child();
    rounds(child, droppedRounds, () => {
      child.states(1);
    });
    child.states(1);
    expect(child.complaints()).toEqual(blamed);
    child.clear();
    return child;
  }

  it('[K5] [H10] keeps it until it has another', () => {
    const child = leaving();
    const link = child.connectTo(other);
    expect(child.closed(child.up)).toBeUndefined();
    expect(child.core.view().parent).toBe(parent.id);
    const hello = { ticket: '0'.repeat(32), role: 'parent', binding: new Uint8Array(32).fill(5), frontierDigest: 0 };
    const answer = other.factory.newHello({ ...hello, attachEpoch: 1, newcomer: false } as never, 'response');
    child.packet(link, other, answer);
    expect(child.closed(child.up)).toBe('moved');
    expect(child.core.view().parent).toBe(other.id);
  });

  it('[K5] stays when the root has nobody else', () => {
    const child = leaving();
    child.assign({ target: parent.id, ticket: 'f'.repeat(32) as never });
    const confirmed = child
      .sentRoot('advertise')
      .flatMap(({ action, body }) => (action === 'confirm' ? (confirmBody.decode(body)?.target ?? []) : []));
    expect(confirmed).toEqual([parent.id]);
    child.clear().passRound();
    expect(child.complaints()).toEqual([]);
    expect(child.of('openLink')).toEqual([]);
    expect(child.core.view().parent).toBe(parent.id);
  });

  it('[K5] leads when its parent was the head and nobody else hangs there', () => {
    const child = leaving();
    child.assign({ result: 'head' });
    expect(child.core.view().head).toBe(true);
    expect(child.closed(child.up)).toBe('moved');
  });
});
