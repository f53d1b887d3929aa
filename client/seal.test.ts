import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { noDigest, noNode, noTicket, type NodeId, type SessionId } from '../protocol/types.ts';
import { chunkBody, messagesBody, regReqBody, signalBody, type Message } from '../protocol/wire/bodies.ts';
import { encodeUtf8, fromHex, toHex } from '../protocol/wire/bytes.ts';
import { decodePacket, encodePacket, type Packet, type VerifiedPacket } from '../protocol/wire/packet.ts';
import { PacketFactory } from '../protocol/wire/packet-factory.ts';
import { verifyForRoot } from '../root-server/verify.ts';
import { nobleCrypto } from './crypto/noble.ts';
import { webCrypto } from './crypto/web-crypto.ts';
import { ScriptMember } from './member-script.ts';
import { deriveRoom } from './room-link.ts';

const text = (words: string): Message => ({ content: 'text', data: encodeUtf8(words), to: noNode, channel: '' });

/** The packet as it arrives: parsed from its bytes. */
function arrive(packet: Packet): Packet {
  const decoded = decodePacket(encodePacket(packet));
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.packet;
}

function flipped(packet: Packet, at: number): Packet | undefined {
  const bytes = encodePacket(packet);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  const decoded = decodePacket(bytes);
  return decoded.ok ? decoded.packet : undefined;
}

let [ana, ben, stranger]: ScriptMember[] = [];

async function verified(packet: Packet, by = ben): Promise<VerifiedPacket | undefined> {
  return by!.sealer.verify(packet);
}

beforeAll(async () => {
  ana = await ScriptMember.of(webCrypto());
  ben = await ScriptMember.of(nobleCrypto());
  stranger = await ScriptMember.of(webCrypto(), new Uint8Array(16).fill(1));
});

describe('sealing', () => {
  it('[W6] the id is the first half of the hash of the key', async () => {
    const hash = createHash('sha256').update(ana!.sealer.publicKey).digest('hex');
    expect(ana!.sealer.id).toBe(hash.slice(0, 32));
    const ping = arrive(ana!.factory.newHealing(noNode));
    expect(ben!.sealer.idOf(ana!.sealer.publicKey)).toBeInstanceOf(Promise);
    expect((await verified(ping))?.senderId).toBe(ana!.sealer.id);
    expect(ben!.sealer.idOf(ana!.sealer.publicKey)).toBe(ana!.sealer.id);
    expect(ben!.sealer.idOf(new Uint8Array(32))).toBe(noNode);
    // From then on without waiting.
    expect(ben!.sealer.verify(ping)).toMatchObject({ senderId: ana!.sealer.id });
  });

  it('[S3] a message travels encrypted and signed, and comes out as it went in', async () => {
    const sealed = await ana!.sealer.seal(ana!.factory.newMessage([text('secret words'), text('more')], 7, 1_234));
    expect(sealed.bytes).toEqual(encodePacket(sealed));
    expect(Buffer.from(sealed.bytes!).includes('secret words')).toBe(false);
    const opened = await verified(arrive(sealed));
    expect(opened?.senderId).toBe(ana!.sealer.id);
    expect(messagesBody.decode(opened!.plainText!)?.map(({ data }) => Buffer.from(data).toString())).toEqual([
      'secret words',
      'more',
    ]);
    expect(opened?.bytes).toEqual(sealed.bytes);
    // Somebody else's room has other keys, though the signature is right.
    expect(await verified(arrive(sealed), stranger)).toBeUndefined();
  });

  it('[K1] a message names the one before it by its signature, however many are sealed at once', async () => {
    const author = await ScriptMember.of(webCrypto());
    const sealed = await Promise.all(
      [1, 2, 3].map((seq) => author.sealer.seal(author.factory.newMessage([text('m')], seq, 1))),
    );
    const opened = await Promise.all(sealed.map((packet) => verified(arrive(packet))));
    const digests = sealed.map((packet) => Buffer.from(packet.validator).toString('hex').slice(64, 96));
    expect(new Set(digests).size).toBe(3);
    expect(opened.map((packet) => packet?.digest)).toEqual(digests);
    expect(opened.map((packet) => packet?.prev)).toEqual([noDigest, digests[0], digests[1]]);
  });

  it('[S3] the same words under another seq or session look different', async () => {
    const bodies = new Set<string>();
    for (const session of ['0000000000000001', '0000000000000002']) {
      ana!.factory.session = session as SessionId;
      for (const seq of [1, 2, 0xffffffff]) {
        bodies.add(toHex((await ana!.sealer.seal(ana!.factory.newMessage([text('same')], seq, 1))).body));
      }
    }
    ana!.factory.session = '0000000000000001' as SessionId;
    for (const file of [1, 2])
      bodies.add(toHex((await ana!.sealer.seal(ana!.factory.newChunk(file, 1, encodeUtf8('same')))).body));
    expect(bodies.size).toBe(8);
  });

  it('[S3] a chunk keeps its file number readable, and it cannot be changed', async () => {
    const sealed = await ana!.sealer.seal(ana!.factory.newChunk(5, 3, Uint8Array.of(9, 8, 7)));
    expect(toHex(sealed.body.subarray(0, 4))).toBe('00000005');
    expect(sealed.body).toHaveLength(4 + 3 + 16);
    expect((await verified(arrive(sealed)))?.plainText).toEqual(Uint8Array.of(9, 8, 7));
  });

  it('[F3] a chunk is made again, to the byte, by anybody who kept its data and signature', async () => {
    const sealed = await ana!.sealer.seal(ana!.factory.newChunk(5, 3, Uint8Array.of(9, 8, 7)));
    const opened = (await verified(arrive(sealed)))!;
    const body = chunkBody.encode({ file: 5, data: opened.plainText! });
    const again = await ben!.sealer.restore({ ...opened, body }, opened.validator);
    expect(again.bytes).toEqual(sealed.bytes);
    expect(await verified(arrive(again))).toBeDefined();
  });

  it('[W3] every byte before the hop is under the signature, and none of the hop', async () => {
    const sealed = await ana!.sealer.seal(ana!.factory.newMessage([text('x')], 1, 1));
    const length = sealed.bytes!.length;
    for (let at = 1; at < length - 17; at += 5) {
      const packet = flipped(sealed, at);
      if (packet) expect(await verified(packet), `byte ${at}`).toBeUndefined();
    }
    const forwarded = arrive({ ...sealed, node: { id: 'a'.repeat(32) as NodeId }, hops: 9 });
    expect((await verified(forwarded))?.hops).toBe(9);
  });

  it('[S1] a packet under a key that is refused is dropped', async () => {
    const sealed = await ana!.sealer.seal(
      ana!.factory.newPresence({ name: '', role: 'peer', sinceMs: 1, away: false }, 1, 1),
    );
    expect(await verified(arrive(sealed))).toBeDefined();
    for (const key of ['ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'ff'.repeat(32)]) {
      expect(await verified(arrive({ ...sealed, sender: fromHex(key), bytes: undefined as never }))).toBeUndefined();
    }
  });

  it('[S2] what was never received as bytes, and what is signed by another, is dropped', async () => {
    const sealed = await ana!.sealer.seal(ana!.factory.newMessage([text('x')], 1, 1));
    const { bytes: _bytes, ...rest } = sealed;
    expect(await verified(rest)).toBeUndefined();
    const another = await stranger!.sealer.seal(ana!.factory.newMessage([text('x')], 1, 1));
    expect(await verified(arrive(another))).toBeUndefined();
  });

  it('[S3] signals are sealed for the room and opened by its members only', async () => {
    const data = encodeUtf8('v=0 a=fingerprint');
    const signal = { to: ben!.sealer.id, ticket: noTicket, data };
    const [sealed, again] = await Promise.all([1, 2].map(() => ana!.sealer.seal(ana!.factory.newSignal(signal))));
    expect(Buffer.from(sealed!.bytes!).includes('fingerprint')).toBe(false);
    expect(sealed!.body).not.toEqual(again!.body);
    const opened = await verified(arrive(sealed!));
    expect(signalBody.decode(opened!.body)).toEqual(signal);
    expect(await verified(arrive(sealed!), stranger)).toBeUndefined();
    const readdressed = await ana!.sealer.seal(ana!.factory.newSignal(signal));
    const body = signalBody.encode({ ...signalBody.decode(readdressed.body)!, to: ana!.sealer.id });
    expect(await verified(arrive({ ...readdressed, body, bytes: undefined as never }))).toBeUndefined();
  });

  it('[R2] [R3] [R10] a registration carries the proofs, as the root wants them', async () => {
    const request = regReqBody.decode(
      ana!.factory.newReg({
        room: (await deriveRoom(new Uint8Array(16), webCrypto())).room,
        challenge: new Uint8Array(32).fill(3).with(31, 0),
        origin: 'node',
        admission: new Uint8Array(64),
        clientsMax: 4,
        role: 'peer',
        hidden: false,
        head: false,
        parent: noNode,
        attachEpoch: 0,
        depth: 0,
        subtreeSize: 1,
        clients: [],
      }).body,
    )!;
    const sealed = await ana!.sealer.seal(ana!.factory.newReg(request));
    expect(await verifyForRoot(arrive(sealed))).toMatchObject({ admitted: true, packet: { senderId: ana!.sealer.id } });
    // A root that is asked for much asks for work in its challenge.
    const challenge = request.challenge.with(31, 11);
    const worked = await verifyForRoot(arrive(await ana!.sealer.seal(ana!.factory.newReg({ ...request, challenge }))));
    expect(worked?.workBits).toBeGreaterThanOrEqual(11);
    // Who has another secret proves nothing about this room.
    const uninvited = await stranger!.sealer.seal(stranger!.factory.newReg(request));
    expect(await verifyForRoot(arrive(uninvited))).toMatchObject({ admitted: false });
    expect(
      await verifyForRoot(arrive({ ...sealed, sender: ben!.sealer.publicKey, bytes: undefined as never })),
    ).toBeUndefined();
  });

  it('the root names nobody and signs nothing; Peer takes that from the root link only', () => {
    const root = new PacketFactory({ publicKey: new Uint8Array(32), id: noNode });
    expect(ben!.sealer.verify(arrive(root.newError('rate', false)))).toMatchObject({ senderId: noNode });
    const challenge = root.newChallenge({ challenge: new Uint8Array(32), epoch: 1, rootTimeMs: 1 });
    expect(ben!.sealer.verify(arrive({ ...challenge, validator: new Uint8Array(64) }))).toMatchObject({
      senderId: noNode,
    });
  });
});
