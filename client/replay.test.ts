import { afterEach, beforeEach, expect, it } from 'vitest';
import { sealsInFlightMax } from '../protocol/limits.ts';
import { decodeFrame } from '../protocol/wire/frame.ts';
import { framesOf } from '../protocol/wire/samples.ts';
import { decodePacket } from '../protocol/wire/packet.ts';
import { startRootServer } from '../root-server/server.ts';
import { RealRoom } from './hostile-script.ts';
import { until } from './link.contract.ts';
import { Wires, type End } from './wire-script.ts';

const packetsMax = 10_000;
/** 50,000 signatures, on a machine that is busy with something else, ms. */
const verifyingMs = 100_000;
/** Packets played on each link before it is waited for them. */
const atOnce = 500;

let room: RealRoom;

beforeEach(async () => {
  room = new RealRoom(await startRootServer({ port: 0, host: '127.0.0.1' }));
});

afterEach(() => room.close());

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function messagesIn(frame: Uint8Array): Uint8Array[] {
  return (decodeFrame(frame) ?? []).filter((bytes) => {
    const decoded = decodePacket(bytes);
    return decoded.ok && decoded.packet.header.type === 'message';
  });
}

it(
  '[L3] [M1] 10,000 packets replayed at each hop of a chain are neither delivered nor passed on again',
  { timeout: 240_000 },
  async () => {
    const wires = new Wires();
    const [depth, sender] = [4, 0];
    /** The end of each link that messages came by, and what came there. */
    const recorded = new Map<End, Uint8Array[]>();
    let passed = 0;
    wires.onFrame = (to, frame) => {
      const messages = messagesIn(frame);
      if (messages.length === 0) return;
      passed += messages.length;
      const so = recorded.get(to);
      if (so) so.push(...messages);
      else recorded.set(to, messages);
    };
    for (let i = 0; i < depth; i++) {
      const peer = await room.start({
        links: wires.links(),
        maxClients: 1,
        originRate: { perSecond: 1e6, burst: 1e6 },
      });
      await until(() => peer.state === 'attached', `peer ${i}`);
    }
    const chain = room.peers.map(({ session }) => session.view().path.length);
    expect(chain).toEqual([1, 2, 3, 4]);

    const [talker, ...others] = [room.peers[sender]!, ...room.peers.slice(1)];
    let said = 0;
    while (said < packetsMax) {
      // While fewer are being signed, each message gets a packet of its own.
      for (let i = 0; i < sealsInFlightMax; i++) talker.say(`${said++}`);
      const before = said;
      while (talker.session.peer.counters().delivered < before) await turn();
    }
    await until(() => others.every(({ texts }) => texts.length === packetsMax), 'all to hear all', verifyingMs);
    const heard = others.map(({ texts }) => texts.length);
    const passedBefore = passed;
    const duplicatesBefore = room.peers.map(({ session }) => session.peer.counters().duplicates);
    const deliveredBefore = room.peers.map(({ session }) => session.peer.counters().delivered);
    expect([...recorded.values()].map(({ length }) => length)).toEqual([packetsMax, packetsMax, packetsMax]);

    // Down each link again as they came; and up each link, to whoever sent them there.
    const ends = [...recorded.keys()];
    const upwards = ends.map((end) => end.far!);
    const packets = [...recorded.values()];
    const seen = (): number => room.peers.reduce((sum, { session }) => sum + session.peer.counters().messagesIn, 0);
    const seenBefore = seen();
    let played = 0;
    // As many at a time as leave room for the pings behind them: links are to live.
    for (let at = 0; at < packetsMax; at += atOnce) {
      for (const [i, end] of [...ends, ...upwards].entries()) {
        const again = packets[i % packets.length]!.slice(at, at + atOnce);
        for (const frame of framesOf(again)) wires.deliver(end, frame);
        played += again.length;
      }
      const due = seenBefore + played;
      await until(() => seen() >= due, 'them to be looked at', verifyingMs);
    }
    expect(played).toBe(6 * packetsMax);
    const duplicates = (): number[] =>
      room.peers.map(({ session }, i) => session.peer.counters().duplicates - duplicatesBefore[i]!);
    // The talker ignores its own stream before it counts. Those between get them from both sides.
    expect(duplicates()).toEqual([0, 2, 2, 1].map((times) => times * packetsMax));
    expect(others.map(({ texts }) => texts.length)).toEqual(heard);
    expect(room.peers.map(({ session }) => session.peer.counters().delivered)).toEqual(deliveredBefore);
    expect(passed - passedBefore).toBe(0);
    expect(room.peers.map(({ state }) => state)).toEqual(Array(depth).fill('attached'));

    // And the room goes on.
    talker.say('still here');
    await until(() => others.every(({ texts }) => texts.at(-1) === 'still here'), 'the next words');
  },
);
