import { beforeAll, describe, expect, it } from 'vitest';
import { noNode } from '../protocol/types.ts';
import { encodeUtf8, toHex } from '../protocol/wire/bytes.ts';
import { encodePacket, hopBytes, type Packet } from '../protocol/wire/packet.ts';
import { webCrypto } from './crypto/web-crypto.ts';
import { Hop } from './hop-script.ts';
import { ScriptMember } from './member-script.ts';
import { deriveRoom } from './room-link.ts';
import { Sealer } from './seal.ts';

/** Packets before a link would end for its bad ones (it takes ten), so that each is looked at on a link that lives. */
const eachLink = 9;

async function newSealer(): Promise<Sealer> {
  const provider = webCrypto();
  return Sealer.create(provider, await deriveRoom(new Uint8Array(16), provider));
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

let [from, onward]: ScriptMember[] = [];
let self: Sealer;

beforeAll(async () => {
  const [a, b, c] = await Promise.all([newSealer(), newSealer(), newSealer()]);
  [from, onward] = [new ScriptMember(a), new ScriptMember(b)];
  self = c;
});

/** What of one type was passed on to the other neighbour. */
function passedOn(hop: Hop, type: Packet['header']['type']): Packet[] {
  return hop.sentTo(onward!.sealer.id).filter((packet) => packet.header.type === type);
}

/** Gives a hop each of these, and then the true one, which shows that the hop was at work. */
async function tryAll(
  bad: readonly Uint8Array[],
  good: Uint8Array,
  check: (hop: Hop) => void,
  done: (hop: Hop) => boolean,
): Promise<number> {
  let tried = 0;
  for (let at = 0; at < bad.length; at += eachLink) {
    const hop = await Hop.between(self, [from!, onward!]);
    const some = bad.slice(at, at + eachLink);
    hop.give(from!.sealer.id, ...some, good);
    await hop.settled(done, 'the true one');
    check(hop);
    expect(hop.isClosed(from!.sealer.id)).toBe(false);
    tried += some.length;
  }
  return tried;
}

describe('a packet of which one bit was flipped', () => {
  it(
    '[M3] [S2] [W3] is neither delivered nor passed on: each bit of a message in turn',
    { timeout: 120_000 },
    async () => {
      const message = { content: 'text', data: encodeUtf8('as it was said'), to: noNode, channel: '' } as const;
      const sealed = await from!.sealer.seal(from!.factory.newMessage([message], 1, 1_234));
      const good = encodePacket(sealed);
      const bits = (good.length - hopBytes) * 8;
      const bad = Array.from({ length: bits }, (_, bit) => flipped(good, bit));
      let delivered = 0;
      let forwarded = 0;
      const tried = await tryAll(
        bad,
        good,
        (hop) => {
          // One of each: the true one.
          delivered += hop.delivered.length - 1;
          forwarded += passedOn(hop, 'message').length - 1;
          expect(toHex(passedOn(hop, 'message')[0]!.validator)).toBe(toHex(sealed.validator));
        },
        (hop) => hop.delivered.length > 0 && passedOn(hop, 'message').length > 0,
      );
      expect([tried, delivered, forwarded]).toEqual([bits, 0, 0]);
      expect(bits).toBeGreaterThan(1_300);
    },
  );

  it('[M3] [M6] is neither shown nor passed on: each bit of a presence in turn', { timeout: 120_000 }, async () => {
    const presence = { name: 'Ana', role: 'peer', sinceMs: 1, away: false } as const;
    const good = encodePacket(await from!.sealer.seal(from!.factory.newPresence(presence, 1, 1)));
    const bits = (good.length - hopBytes) * 8;
    let shown = 0;
    let forwarded = 0;
    const tried = await tryAll(
      Array.from({ length: bits }, (_, bit) => flipped(good, bit)),
      good,
      (hop) => {
        shown += hop.outputs.filter((output) => output.kind === 'presence').length - 1;
        forwarded += passedOn(hop, 'presence').length - 1;
      },
      (hop) => hop.outputs.some(({ kind }) => kind === 'presence') && passedOn(hop, 'presence').length > 0,
    );
    expect([tried, shown, forwarded]).toEqual([bits, 0, 0]);
  });

  it('[W7] in its hop, which no signature covers, says the same by the same sender all the same', async () => {
    const message = { content: 'text', data: encodeUtf8('as it was said'), to: noNode, channel: '' } as const;
    const sealed = await from!.sealer.seal(from!.factory.newMessage([message], 1, 1_234));
    const good = encodePacket(sealed);
    for (let bit = (good.length - hopBytes) * 8; bit < good.length * 8; bit++) {
      const hop = await Hop.between(self, [from!, onward!]);
      hop.give(from!.sealer.id, flipped(good, bit), good);
      // What goes on may wait behind this end's hello, which is being signed.
      const isDone = (one: Hop): boolean => one.delivered.length > 0 && passedOn(one, 'message').length > 0;
      await hop.settled((one) => one.peer.counters().duplicates > 0 && isDone(one), 'one of the two, passed on');
      expect(hop.delivered.map(({ packet, messages }) => [packet.senderId, messages])).toEqual([
        [from!.sealer.id, [message]],
      ]);
      // What goes on names this hop, and not who was written there.
      expect(passedOn(hop, 'message').map(({ node }) => node.id)).toEqual([self.id]);
    }
  });

  it('[W2] in the length before it is no frame', async () => {
    const message = { content: 'text', data: encodeUtf8('x'), to: noNode, channel: '' } as const;
    const good = encodePacket(await from!.sealer.seal(from!.factory.newMessage([message], 1, 1)));
    const hop = await Hop.between(self, [from!, onward!]);
    const frame = Uint8Array.of(good.length >> 8, good.length & 255, ...good);
    for (let bit = 0; bit < 16; bit++) hop.giveFrame(from!.sealer.id, flipped(frame, bit));
    await hop.settled((one) => one.isClosed(from!.sealer.id), 'the end of the link');
    expect([hop.delivered, passedOn(hop, 'message')]).toEqual([[], []]);
  });
});
