import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkReasons, rootErrorCodes } from '../errors.ts';
import { frameBytesMax, orderAdmittedMax, orderRemovedMax, orderSpeakersMax, packetBytesMax } from '../limits.ts';
import type { RoomId } from '../types.ts';
import * as bodies from './bodies.ts';
import { ByteReader, decodeUtf8, encodeUtf8, fromHex, toHex } from './bytes.ts';
import { chunkTagBytes, openedLayout, sealedLayout } from './bodies/direct.ts';
import { decodeFrame, encodeFrames } from './frame.ts';
import { orderBody } from './bodies/order.ts';
import {
  actions,
  decodePacket,
  encodePacket,
  encodeSignedRegion,
  layOut,
  packetSize,
  signedRegionOf,
  type Packet,
  type PacketType,
  type RootBoundPacket,
} from './packet.ts';
import { Reunion } from './reunion.ts';
import { codecByShape, factory, framesOf, node, publicKey, samples, session, shapeOf, signed } from './samples.ts';

describe('packet', () => {
  it('[W1] has the golden layout', () => {
    const packet = signed(factory.newHealing(node('c')));
    expect(toHex(encodePacket(packet))).toBe(
      '01' + // version
        '13' + // type healing
        '03' + // action push
        '00' + // flags
        toHex(publicKey) +
        session +
        '00000000' + // seq
        '000000000000' + // time
        '0010' + // body length
        'c'.repeat(32) + // body: the orphan
        'a'.repeat(32) + // node
        '01', // hops
    );
    const message = signed(
      factory.newMessage([{ content: 'text', data: encodeUtf8('hi'), to: node('0'), channel: '' }], 258, 1),
    );
    expect(toHex(encodePacket(message))).toBe(
      `01210301${toHex(publicKey)}${session}00000102000000000001` +
        '0'.repeat(32) + // the digest of what came before
        `0016` +
        `00${'0'.repeat(32)}0000026869` +
        '07'.repeat(64) +
        `${'a'.repeat(32)}01`,
    );
  });

  it('[R1] [R2] [R10] has the golden layout of a challenge and of a registration', () => {
    const challenge = Uint8Array.from({ length: 32 }, (_, i) => (i === 31 ? 12 : i));
    expect(toHex(bodies.challengeBody.encode({ challenge, epoch: 1, rootTimeMs: 2 }))).toBe(
      `${toHex(challenge)}000000000001000000000002`,
    );
    const request: bodies.RegReq = {
      room: 'b'.repeat(64) as RoomId,
      challenge,
      origin: 'node',
      admission: new Uint8Array(64).fill(5),
      work: Uint8Array.of(0, 0, 0, 0, 0, 0, 7, 0xd8),
      clientsMax: 4,
      role: 'relay',
      hidden: false,
      head: true,
      parent: node('0'),
      attachEpoch: 3,
      depth: 1,
      subtreeSize: 9,
      clients: [node('c')],
      roomKey: new Uint8Array(32).fill(6),
      owner: node('d'),
      order: 7,
    };
    const hex =
      'b'.repeat(64) +
      toHex(challenge) +
      '046e6f6465' + // origin
      '05'.repeat(64) + // admission
      '00000000000007d8' + // work
      '040200' + // clients at most, role, hidden
      '01' + // head
      '0'.repeat(32) + // parent
      '00000003' + // attach epoch
      '01' + // depth
      '00000009' + // subtree
      `01${'c'.repeat(32)}` + // clients
      '06'.repeat(32) + // room key
      'd'.repeat(32) + // owner
      '00000007'; // order
    expect(toHex(bodies.regReqBody.encode(request))).toBe(hex);
    expect(bodies.regReqBody.decode(fromHex(hex))).toEqual(request);
  });

  it('[O2] has the golden layout of an order, and refuses more ids than its lists may have', () => {
    const order = {
      room: 'b'.repeat(64) as RoomId,
      locked: true,
      quiet: false,
      speakers: [node('c')],
      removed: [],
      admitted: [node('a'), node('d')],
    };
    const hex = `${'b'.repeat(64)}01000001${'c'.repeat(32)}00000002${'a'.repeat(32)}${'d'.repeat(32)}`;
    expect(toHex(orderBody.encode(order))).toBe(hex);
    expect(orderBody.decode(fromHex(hex))).toEqual(order);
    const whole = {
      ...order,
      speakers: Array.from({ length: orderSpeakersMax }, () => node('c')),
      removed: Array.from({ length: orderRemovedMax }, () => node('c')),
      admitted: Array.from({ length: orderAdmittedMax }, () => node('c')),
    };
    expect(orderBody.decode(orderBody.encode(whole))).toEqual(whole);
    expect(packetSize(factory.newOrder(whole, 1, 1))).toBeLessThanOrEqual(packetBytesMax);
    for (const list of ['speakers', 'removed', 'admitted'] as const) {
      const longer = { ...whole, [list]: [...whole[list], node('c')] };
      expect(orderBody.decode(orderBody.encode(longer))).toBeUndefined();
    }
  });

  it('[M6] [S8] has the golden layout of a presence', () => {
    const presence: bodies.PresenceBody = {
      name: 'Ána',
      role: 'leaf',
      sinceMs: 258,
      away: true,
      sealingKey: new Uint8Array(32).fill(6),
    };
    const hex = `04c3816e61` + `01` + `000000000102` + `01` + '06'.repeat(32); // name, role, since, away, key
    expect(toHex(bodies.presenceBody.encode(presence))).toBe(hex);
    expect(bodies.presenceBody.decode(fromHex(hex))).toEqual(presence);
    // Who takes no direct messages.
    const { sealingKey: _sealingKey, ...rest } = presence;
    expect(toHex(bodies.presenceBody.encode(rest)).slice(-64)).toBe('0'.repeat(64));
  });

  it('[W1] has seven parts, and its size is known before it is encoded', () => {
    for (const packet of samples) {
      const decoded = decodePacket(encodePacket(packet));
      if (!decoded.ok) throw new Error(`${shapeOf(packet)}: ${decoded.error}`);
      expect(Object.keys(decoded.packet)).toEqual(
        expect.arrayContaining(['header', 'node', 'sender', 'validator', 'action', 'body']),
      );
      expect(encodePacket(packet).length).toBe(packetSize(packet));
      expect({ ...decoded.packet, bytes: undefined }).toEqual({ ...packet, bytes: undefined });
    }
  });

  it('[W3] signs every byte before the validator and nothing after', () => {
    for (const packet of samples) {
      const bytes = encodePacket(packet);
      const region = signedRegionOf(packet, bytes);
      expect(region).toEqual(encodeSignedRegion(packet));
      expect(bytes.length - region.length - packet.validator.length).toBe(17);
    }
  });

  it('[W3] lays a packet out once: what is signed, behind its domain, and the bytes that are sent', () => {
    for (const packet of samples) {
      if (packet.validator.length === 0) continue;
      const { signed: region, packet: laidOut } = layOut(encodeUtf8('domain'), packet);
      expect(region).toEqual(Uint8Array.of(...encodeUtf8('domain'), ...encodeSignedRegion(packet)));
      laidOut.validator.set(packet.validator);
      expect(laidOut.bytes).toEqual(encodePacket(packet));
      expect(laidOut.body).toEqual(packet.body);
    }
  });

  it('[W4] says what is unknown: version, type, action, flag', () => {
    const bytes = encodePacket(samples[0] as Packet);
    const changed = (at: number, value: number): unknown => {
      const copy = bytes.slice();
      copy[at] = value;
      const result = decodePacket(copy);
      return result.ok ? 'ok' : result.error;
    };
    expect([changed(0, 2), changed(1, 99), changed(2, 99), changed(3, 0x80)]).toEqual([
      'version',
      'type',
      'action',
      'flags',
    ]);
  });

  it('[W7] keeps its bytes when forwarded; only node and hops change', () => {
    const received = encodePacket(samples.at(-1) as Packet);
    const decoded = decodePacket(received);
    if (!decoded.ok) throw new Error(decoded.error);
    const forwarded = encodePacket({ ...decoded.packet, node: { id: node('f') }, hops: decoded.packet.hops + 1 });
    expect(forwarded.subarray(0, -17)).toEqual(received.subarray(0, -17));
    expect(toHex(forwarded.subarray(-17))).toBe('f'.repeat(32) + '02');
  });

  it('[W8] does not let a message type-check as something for the root', () => {
    const toRoot = (packet: RootBoundPacket): PacketType => packet.header.type;
    expect(toRoot(factory.newLeave(node('a'), 'left', 0xffffffff))).toBe('leave');
    // @ts-expect-error a message must never be sent to the root
    expect(toRoot(factory.newMessage([], 1, 1))).toBe('message');
    // @ts-expect-error nor presence, which carries a name
    expect(toRoot(factory.newPresence({ name: '', role: 'peer', sinceMs: 0, away: false }, 1, 1))).toBe('presence');
  });

  it('[W9] numbers codes by their place', () => {
    expect(rootErrorCodes.slice(0, 6)).toEqual([
      'malformed',
      'out-of-turn',
      'too-large',
      'rate',
      'challenge',
      'admission',
    ]);
    expect(linkReasons.slice(0, 5)).toEqual(['none', 'closed', 'silent', 'one-way', 'connect-timeout']);
    expect(actions.slice(0, 6)).toEqual(['none', 'request', 'response', 'push', 'pull', 'leave']);
  });
});

describe('bodies', () => {
  it('[W5] give the same bytes when decoded and encoded again', () => {
    for (const packet of samples) {
      const codec = codecByShape[shapeOf(packet)];
      if (!codec) throw new Error(`no codec for ${shapeOf(packet)}`);
      const value = codec.decode(packet.body);
      expect(value, shapeOf(packet)).toBeDefined();
      expect(codec.encode(value)).toEqual(packet.body);
    }
  });

  it('[W5] refuse every truncation, and every trailing byte', () => {
    for (const packet of samples) {
      const codec = codecByShape[shapeOf(packet)];
      for (let length = 0; length < packet.body.length; length++) {
        const value = codec?.decode(packet.body.subarray(0, length));
        // A message body cut between two messages is a shorter list, and encodes to just that.
        if (value !== undefined) expect(codec?.encode(value)).toEqual(packet.body.subarray(0, length));
      }
      expect(codec?.decode(Uint8Array.from([...packet.body, 0]))).toBeUndefined();
    }
  });

  it('[W5] are total and canonical on any bytes', () => {
    const codecs = Object.values(codecByShape);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(codecs.length - 1), (bytes, which) => {
        const codec = codecs[which];
        const value = codec?.decode(bytes);
        if (value !== undefined) expect(codec?.encode(value)).toEqual(bytes);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('parseBuf', () => {
  it('[W5] is total on 100,000 random and mutated inputs, and what it accepts encodes to the same bytes', () => {
    const encoded = samples.map(encodePacket);
    const mutated = fc
      .tuple(
        fc.nat(encoded.length - 1),
        fc.array(fc.tuple(fc.nat(2_000), fc.nat(255)), { maxLength: 4 }),
        fc.nat(40),
        fc.boolean(),
      )
      .map(([which, changes, cut, grow]) => {
        const source = encoded[which] as Uint8Array;
        const bytes = grow
          ? Uint8Array.from([...source, ...new Uint8Array(cut)])
          : source.slice(0, source.length - cut);
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
        return bytes;
      });
    let accepted = 0;
    let runs = 0;
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated, mutated, mutated), (bytes) => {
        runs++;
        const result = factory.parseBuf(bytes);
        if (!result.ok) return;
        accepted++;
        const copy = { ...result.packet };
        delete (copy as { bytes?: Uint8Array }).bytes;
        expect(encodePacket(copy)).toEqual(bytes);
        Reunion.read(result.packet as Packet<'reunion'>);
        codecByShape[shapeOf(result.packet)]?.decode(result.packet.body);
      }),
      { numRuns: 100_000 },
    );
    expect(runs).toBe(100_000);
    // Otherwise it would only have shown that everything is refused.
    expect(accepted).toBeGreaterThan(1_000);
  }, 120_000);

  it('[W5] refuses a packet larger than a frame can carry', () => {
    expect(decodePacket(new Uint8Array(packetBytesMax + 1))).toEqual({ ok: false, error: 'length' });
  });
});

describe('frame', () => {
  it('[W2] packs many packets in few frames, in order, each at most 16 KiB', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 18, max: packetBytesMax }), { minLength: 1, maxLength: 40 }), (sizes) => {
        const packets = sizes.map((size, i) => new Uint8Array(size).fill(i));
        const frames = encodeFrames(packets.map((bytes) => ({ ...(samples[0] as Packet), bytes })));
        for (const frame of frames) expect(frame.length).toBeLessThanOrEqual(frameBytesMax);
        const unpacked = frames.flatMap((frame) => decodeFrame(frame) ?? []);
        expect(unpacked.map((packet) => [packet.length, packet[0]])).toEqual(packets.map((p) => [p.length, p[0]]));
      }),
      { numRuns: 200 },
    );
  });

  it('[W2] [W7] packs packets with their hops as if each had been encoded before', () => {
    const received = samples.map((packet) => ({
      ...packet,
      bytes: encodePacket(packet),
      hops: 9,
      node: { id: node('e') },
    }));
    const packets = [...samples, ...received];
    expect(encodeFrames(packets)).toEqual(framesOf(packets.map(encodePacket)));
    expect(encodeFrames([])).toEqual([]);
  });

  it('[W2] refuses lengths that do not add up, an empty frame and an empty record', () => {
    for (const hex of ['', '00', '0000', '000201', '00010100', '0001010002aa'])
      expect(decodeFrame(fromHex(hex))).toBeUndefined();
    expect(decodeFrame(new Uint8Array(frameBytesMax + 1))).toBeUndefined();
  });
});

describe('bytes', () => {
  it('[W5] takes only well-formed, shortest-form UTF-8', () => {
    for (const text of ['', 'a', 'é', '☂', '😀', 'mixed é☂😀']) expect(decodeUtf8(encodeUtf8(text))).toBe(text);
    for (const hex of ['80', 'c080', 'e08080', 'eda080', 'f4908080', 'f8', 'c3', 'e298'])
      expect(decodeUtf8(fromHex(hex))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const text = decodeUtf8(bytes);
        if (text !== undefined) expect(encodeUtf8(text)).toEqual(bytes);
      }),
      { numRuns: 20_000 },
    );
  });

  it('[W5] reads zeros and fails past the end', () => {
    const reader = new ByteReader(Uint8Array.of(1));
    expect([reader.u8(), reader.u32(), reader.failed, reader.done]).toEqual([1, 0, true, false]);
  });
});

describe('reunion', () => {
  it('[U6] getDest goes to the parent on the way up and back along the path on the way down', () => {
    const probe = { probe: 1, path: [node('1'), node('2'), node('3')], signature: new Uint8Array(64) };
    const up = Reunion.read(factory.newProbe(probe, 'pull'));
    const down = Reunion.read(factory.newProbe(probe, 'confirm'));
    expect(up?.getDest(node('3'), node('9'))).toBe(node('9'));
    expect(down?.getDest(node('3'), node('9'))).toBe(node('2'));
    expect(down?.getDest(node('2'), node('9'))).toBe(node('1'));
    expect(down?.getDest(node('1'), node('9'))).toBe(node('0'));
    expect(down?.getDest(node('8'), node('9'))).toBe(node('0'));
  });
});

describe('a file for one', () => {
  it('[F7] is announced by the size of its sealed chunks, from which its addressee has its own', () => {
    const announced = { file: 1, name: '', type: '' };
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000 }),
        fc.integer({ min: 17, max: 16_128 }),
        (sizeBytes, chunkBytes) => {
          const sealed = { ...announced, ...sealedLayout(sizeBytes, chunkBytes) };
          expect(openedLayout(sealed)).toEqual({ sizeBytes, chunkBytes: chunkBytes - chunkTagBytes });
          // No more chunks than those that hold something.
          expect(bodies.chunkCount(sealed)).toBe(Math.ceil(sizeBytes / (chunkBytes - chunkTagBytes)));
        },
      ),
    );
    for (const [sizeBytes, chunkBytes] of [
      [100, 16],
      [100, 1],
      [16, 100],
      [5, 100],
      [105, 100],
      [116, 100],
    ] as const) {
      expect(openedLayout({ ...announced, sizeBytes, chunkBytes })).toBeUndefined();
    }
  });
});
