import { describe, expect, it } from 'vitest';
import { auditPeriodMs } from '../limits.ts';
import type { PacketDigest } from '../types.ts';
import type { AuditEntry } from '../wire/bodies/audit.ts';
import type { Packet, VerifiedPacket } from '../wire/packet.ts';
import { Other, PeerScript } from './peer-script.ts';

const parent = new Other(2);
const uncle = new Other(3);
const speaker = new Other(4);
const digestOf = (digit: string): PacketDigest => digit.repeat(32) as PacketDigest;

/** A packet of the speaker with digests that a test chooses. */
function said(seq: number, digest: string, prev = '0'): VerifiedPacket<'message'> {
  return { ...speaker.message(seq), digest: digestOf(digest), prev: digestOf(prev) };
}

function entry(seq: number, digest: string): AuditEntry {
  return { sender: speaker.id, session: speaker.factory.session, seq, digest: digestOf(digest) };
}

interface Attached {
  readonly peer: PeerScript;
  /** Links to the parent and to the uncle. */
  readonly up: number;
  readonly side: number;
}

/** A peer with a parent and a backup at an uncle, whose log holds nothing yet. */
function attached(): Attached {
  const peer = new PeerScript(1);
  const up = peer.register().attachTo(parent);
  peer.packet(up, parent, parent.factory.newFrontier({ last: true, entries: [] }, 'response'));
  const side = peer.attachTo(uncle, [], { purpose: 'backup' });
  return { peer: peer.clear(), up, side };
}

/** Both ends live on for a while, and acknowledge everything. */
function passLive({ peer, up, side }: Attached, ms: number): void {
  for (let passed = 0; passed < ms; passed += 1_000) {
    peer.ping(up, parent).ping(side, uncle).sweep(up, parent, [parent.id]);
    peer.pass(1_000);
  }
}

const banned = (peer: PeerScript): number => peer.of('error').filter(({ code }) => code === 'forked').length;

describe('a fork', () => {
  it('[K2] is two packets for one place, or one that does not name the one before it, and ends what is shown of the stream', () => {
    for (const second of [said(1, 'b'), said(2, 'b', 'c')]) {
      const { peer, up } = attached();
      peer.give({ kind: 'packet', link: up, packet: said(1, 'a'), attested: false });
      expect(banned(peer)).toBe(0);
      peer.give({ kind: 'packet', link: up, packet: second, attested: false });
      expect(peer.of('error')).toEqual([{ kind: 'error', code: 'forked', node: speaker.id }]);
      expect(peer.sent(up, 'fork')).toHaveLength(1);
      expect(peer.sent(up, 'message').map(({ digest }) => digest)).toEqual([digestOf('a'), digestOf('b')]);
      peer.clear().give({ kind: 'packet', link: up, packet: said(2, 'd', 'a'), attested: false });
      expect(peer.outputs).toEqual([]);
    }
  });

  it('[K2] is shown to who comes next by its proof, which shows nothing of it to the user', () => {
    const { peer, up } = attached();
    peer.give(
      { kind: 'packet', link: up, packet: said(1, 'a'), attested: false },
      { kind: 'packet', link: up, packet: said(1, 'b'), attested: false },
    );
    const client = new Other(5);
    const down = peer.takeClient(client);
    const proof = peer.sent(down, 'message');
    expect(peer.sent(down, 'fork')).toHaveLength(1);
    expect(proof).toHaveLength(2);

    const other = attached();
    other.peer.packet(
      other.up,
      parent,
      parent.factory.newFork({ sender: speaker.id, session: speaker.factory.session }),
    );
    for (const packet of proof)
      other.peer.give({ kind: 'packet', link: other.up, packet: speaker.verified(packet), attested: false });
    expect(banned(other.peer)).toBe(1);
    expect(other.peer.of('deliver')).toEqual([]);
  });

  it('[K2] is not what a neighbour merely says, nor what agrees', () => {
    const { peer, up, side } = attached();
    peer.packet(up, parent, parent.factory.newFork({ sender: speaker.id, session: speaker.factory.session }));
    peer.give(
      { kind: 'packet', link: up, packet: said(5, 'a'), attested: false },
      { kind: 'packet', link: up, packet: said(6, 'b', 'a'), attested: false },
    );
    peer.packet(side, uncle, uncle.factory.newAudit({ isSent: false, entries: [entry(6, 'f')] }));
    for (const packet of [said(1, 'c'), said(1, 'c'), said(2, 'd', 'c'), said(1, 'c')])
      peer.give({ kind: 'packet', link: up, packet, attested: false });
    expect(banned(peer)).toBe(0);
    expect(peer.delivered(speaker)).toEqual([1, 2]);
  });
});

describe('an audit', () => {
  it('[K3] tells every neighbour of what was said lately, and nothing where nobody speaks', () => {
    const room = attached();
    const { peer, up, side } = room;
    passLive(room, 2 * auditPeriodMs);
    expect(peer.sent(side, 'audit')).toEqual([]);
    peer.give({ kind: 'packet', link: up, packet: said(1, 'a'), attested: false });
    passLive(room, 10 * auditPeriodMs);
    expect(peer.sent(side, 'audit')).toHaveLength(2);
    expect(peer.sent(up, 'audit')).toHaveLength(2);
  });

  it('[K3] brings what this peer has where the neighbour has something else', () => {
    const { peer, up, side } = attached();
    peer.give({ kind: 'packet', link: up, packet: said(1, 'a'), attested: false });
    peer.clear().packet(side, uncle, uncle.factory.newAudit({ isSent: false, entries: [entry(1, 'a')] }));
    expect(peer.sent(side, 'message')).toEqual([]);
    peer.packet(side, uncle, uncle.factory.newAudit({ isSent: false, entries: [entry(1, 'b')] }));
    expect(peer.sent(side, 'message').map(({ digest }) => digest)).toEqual([digestOf('a')]);
  });

  it('[K4] asks the backup for what it has had for a round and the parent has not sent', () => {
    const room = attached();
    const { peer, up, side } = room;
    const audit = uncle.factory.newAudit({ isSent: false, entries: [entry(1, 'a')] });
    peer.packet(side, uncle, audit);
    expect(peer.sent(side, 'frontier')).toEqual([]);
    passLive(room, auditPeriodMs);
    peer.packet(side, uncle, audit);
    expect(peer.sent(side, 'frontier').map(({ action }) => action)).toEqual(['pull']);
    // What came meanwhile is not asked for.
    peer.clear().give({ kind: 'packet', link: up, packet: said(1, 'a'), attested: false });
    passLive(room, auditPeriodMs);
    peer.packet(side, uncle, audit);
    expect(peer.sent(side, 'frontier')).toEqual([]);
  });

  it('[K4] asks though another backup has less', () => {
    const room = attached();
    const { peer, side } = room;
    const nephew = new Other(7);
    const held = peer.takeClient(nephew, { purpose: 'backup' });
    const audit = (from: Other, seq: number): Packet =>
      from.factory.newAudit({ isSent: false, entries: [entry(seq, 'a')] });
    peer.packet(held, nephew, audit(nephew, 2)).packet(side, uncle, audit(uncle, 1));
    peer.message(side, speaker, 1).packet(side, uncle, audit(uncle, 1));
    peer.packet(held, nephew, audit(nephew, 2)).packet(side, uncle, audit(uncle, 1)).clear();
    passLive(room, auditPeriodMs);
    expect(peer.sent(held, 'frontier').map(({ action }) => action)).toEqual(['pull']);
  });
});
