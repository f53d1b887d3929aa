import { beforeAll, describe, expect, it } from 'vitest';
import { noNode, type NodeId, type SessionId } from '../protocol/types.ts';
import { messagesBody, messageSize, type Message } from '../protocol/wire/bodies.ts';
import { encodeUtf8, fromHex, toHex } from '../protocol/wire/bytes.ts';
import { directBody, fileSecretBody } from '../protocol/wire/bodies/direct.ts';
import { decodePacket, encodePacket, type Packet, type VerifiedPacket } from '../protocol/wire/packet.ts';
import { PacketFactory } from '../protocol/wire/packet-factory.ts';
import { sealTo } from './crypto/hpke.ts';
import { nobleCrypto } from './crypto/noble.ts';
import { concat, utf8 } from './crypto/provider.ts';
import { webCrypto } from './crypto/web-crypto.ts';
import { contentsOf } from './delivered.ts';
import { ScriptMember } from './member-script.ts';
import { deriveRoom } from './room-link.ts';
import { Sealer } from './seal.ts';

class Someone extends ScriptMember {
  async presence(sealingKey = this.sealer.direct.publicKey): Promise<Packet> {
    const presence = { name: '', role: 'peer', sinceMs: 1, away: false, sealingKey } as const;
    return this.sealer.seal(this.factory.newPresence(presence, 1, 1));
  }

  /** What this member makes of a packet as it comes from the network. */
  async take(packet: Packet): Promise<VerifiedPacket<'message'> | undefined> {
    const decoded = decodePacket(encodePacket(packet));
    if (!decoded.ok) throw new Error(decoded.error);
    return (await this.sealer.verify(decoded.packet)) as VerifiedPacket<'message'> | undefined;
  }

  /** The messages in a packet as the core hears of them, and what of it is shown. */
  async read(packet: Packet): Promise<{ readonly wire: readonly Message[]; readonly shown: (string | undefined)[] }> {
    const taken = await this.take(packet);
    if (taken === undefined) throw new Error('refused');
    const wire = messagesBody.decode(taken.plainText!) ?? [];
    const shown = contentsOf(taken, wire, this.id).map(({ message }) => message?.text);
    return { wire, shown };
  }
}

const to = (node: NodeId, words: string, channel = ''): Message => ({
  content: 'text',
  data: encodeUtf8(words),
  to: node,
  channel,
});

let [ana, ben, eve]: Someone[] = [];

beforeAll(async () => {
  [ana, ben, eve] = await Promise.all(
    [webCrypto(), nobleCrypto(), webCrypto()].map((provider) => Someone.of(provider)),
  );
  for (const member of [ana, ben, eve]) {
    for (const other of [ana, ben, eve]) if (other !== member) expect(await other!.take(await member!.presence()));
  }
});

describe('a message for one', () => {
  it('[S7] is read by its addressee and nobody else who carries it', async () => {
    expect(ana!.sealer.direct.canReach(ben!.id)).toBe(true);
    const packet = ana!.factory.newMessage([to(ben!.id, 'between us', 'secret channel')], 7, 1);
    const sealed = await ana!.sealer.seal(packet);
    const hers = await ben!.read(sealed);
    expect(hers.wire).toEqual([to(ben!.id, 'between us', 'secret channel')]);
    expect(hers.shown).toEqual(['between us']);

    // Eve has the room's secret, and so the packet's plain text: who wrote to whom, and how much.
    const { wire, shown } = await eve!.read(sealed);
    expect(shown).toEqual([undefined]);
    expect(wire).toMatchObject([{ content: 'sealed', to: ben!.id, channel: '' }]);
    const plainText = Buffer.from((await eve!.take(sealed))!.plainText!);
    for (const words of ['between us', 'secret channel']) expect(plainText.includes(words)).toBe(false);
    expect((await eve!.take(sealed))!.senderId).toBe(ana!.id);
  });

  it('[S7] its sender is who signed the packet: sealed by anybody else it is refused or unreadable', async () => {
    const sealed = await ana!.sealer.seal(ana!.factory.newMessage([to(ben!.id, 'from ana')], 8, 1));
    // Eve passes Ana's words off as hers, in a packet of her own.
    const { wire } = await eve!.read(sealed);
    const stolen = await eve!.sealer.seal(eve!.factory.newMessage(wire, 8, 1));
    expect(await ben!.read(stolen)).toEqual({
      wire: [{ content: 'sealed', to: ben!.id, channel: '', data: new Uint8Array(0) }],
      shown: [undefined],
    });
    // Or puts her name on Ana's packet.
    expect(await ben!.take({ ...sealed, sender: eve!.sealer.publicKey, bytes: undefined as never })).toBeUndefined();
  });

  it('[S7] is bound to its place: seq, session and addressee', async () => {
    const sealed = await ana!.sealer.seal(ana!.factory.newMessage([to(ben!.id, 'here')], 9, 1));
    const { wire } = await eve!.read(sealed);
    const again = async (messages: readonly Message[], seq: number, session = '0000000000000001') => {
      ana!.factory.session = session as SessionId;
      const packet = await ana!.sealer.seal(ana!.factory.newMessage(messages, seq, 1));
      ana!.factory.session = '0000000000000001' as SessionId;
      return packet;
    };
    // Even Ana herself cannot move it.
    expect((await ben!.read(await again(wire, 9))).shown).toEqual(['here']);
    expect((await ben!.read(await again(wire, 10))).shown).toEqual([undefined]);
    expect((await ben!.read(await again(wire, 9, '0000000000000002'))).shown).toEqual([undefined]);
    const readdressed = wire.map((message) => ({ ...message, to: eve!.id }));
    expect((await eve!.read(await again(readdressed, 9))).shown).toEqual([undefined]);
    const behind = [to(noNode, 'first'), ...wire];
    expect((await ben!.read(await again(behind, 9))).shown).toEqual(['first', undefined]);
  });

  it('[S7] [M2] shares a packet with others, each read by whom it is for, all under the same numbers', async () => {
    for (const other of [ben!, eve!]) expect(ana!.sealer.direct.canReach(other.id)).toBe(true);
    const messages = [
      to(ben!.id, 'b1'),
      to(noNode, 'all'),
      to(eve!.id, 'e1'),
      to(ben!.id, 'b2'),
      { ...to(ben!.id, 'raw'), content: 'bytes' as const },
      to(ana!.id, 'a note to myself'),
    ];
    const packet = ana!.factory.newMessage(messages, 11, 1);
    const sealed = await ana!.sealer.seal(packet);
    expect((await ben!.read(sealed)).shown).toEqual(['b1', 'all', undefined, 'b2', undefined, undefined]);
    expect((await ben!.read(sealed)).wire[4]).toEqual(messages[4]);
    expect((await eve!.read(sealed)).shown).toEqual([undefined, 'all', 'e1', undefined, undefined, undefined]);
    expect((await ana!.read(sealed)).shown.at(-1)).toBe('a note to myself');
    // The first for an addressee carries the key, the later ones do not.
    const { wire } = await eve!.read(sealed);
    const overhead = 16 + 2;
    expect([wire[0], wire[3]].map((message) => message!.data.length)).toEqual([32 + overhead + 2, overhead + 2]);
    // The core counts with what it becomes.
    const bytes = sealed.body.length - 16;
    expect(bytes).toBeLessThanOrEqual(messages.reduce((sum, message) => sum + messageSize(message), 0));
  });

  it('[F7] [S7] the key of a file goes like one: nobody but its addressee has it, and in the clear it is none', async () => {
    const secret = fileSecretBody.encode({ file: 3, key: new Uint8Array(32).fill(9), name: 'plan.txt', type: '' });
    const key: Message = { content: 'fileKey', data: secret, to: ben!.id, channel: '' };
    expect(ana!.sealer.direct.canReach(ben!.id)).toBe(true);
    const packet = ana!.factory.newMessage([key], 13, 1);
    const sealed = await ana!.sealer.seal(packet);
    expect(await ben!.read(sealed)).toEqual({ wire: [key], shown: [undefined] });
    expect((await eve!.read(sealed)).wire).toMatchObject([{ content: 'sealed', to: ben!.id }]);
    expect(Buffer.from((await eve!.take(sealed))!.plainText!).includes('plan.txt')).toBe(false);
    const bare = await careless(eve!, eve!.factory.newMessage([key], 13, 1));
    expect((await ben!.read(bare)).wire).toMatchObject([{ content: 'sealed', data: new Uint8Array(0) }]);
  });

  it('[S8] that is not sealed, or not to be opened, is not shown, and the rest of its packet is', async () => {
    const open = [to(ben!.id, 'in the clear'), to(noNode, 'for all')];
    const factory = new PacketFactory(eve!.sealer);
    factory.session = '0000000000000001' as SessionId;
    const packet = factory.newMessage(open, 12, 1);
    // A sender that does not seal: the same packet by a sealer that knows nobody's key.
    const bare = await careless(eve!, packet);
    expect((await ben!.read(bare)).shown).toEqual([undefined, 'for all']);
    for (const data of [new Uint8Array(0), new Uint8Array(31), new Uint8Array(48), new Uint8Array(200).fill(9)]) {
      const garbage: Message[] = [{ content: 'sealed', to: ben!.id, channel: '', data }, to(noNode, 'for all')];
      const sealed = await eve!.sealer.seal(factory.newMessage(garbage, 13, 1));
      expect((await ben!.read(sealed)).shown).toEqual([undefined, 'for all']);
    }
  });

  it('[S8] never leaves in the clear when nothing can be sealed to its addressee', async () => {
    const nobody = '9'.repeat(32) as NodeId;
    expect(ana!.sealer.direct.canReach(nobody)).toBe(false);
    const sealed = await ana!.sealer.seal(ana!.factory.newMessage([to(nobody, 'secret words')], 14, 1));
    const { wire } = await eve!.read(sealed);
    expect(wire).toEqual([{ content: 'sealed', to: nobody, channel: '', data: new Uint8Array(0) }]);
  });

  it('[S8] its key comes by the signed presence: not by a forged one, not zeros, not of small order', async () => {
    const dora = await Someone.of(webCrypto());
    const forged = { ...(await dora.presence()), sender: eve!.sealer.publicKey, bytes: undefined as never };
    expect(await ana!.take(forged)).toBeUndefined();
    for (const key of [new Uint8Array(32), fromHex(`01${'00'.repeat(31)}`)]) {
      expect(await ana!.take(await dora.presence(key))).toBeDefined();
      expect(ana!.sealer.direct.canReach(dora.id)).toBe(false);
    }
    expect(await ana!.take(await dora.presence())).toBeDefined();
    expect(ana!.sealer.direct.canReach(dora.id)).toBe(true);
  });

  it('[S8] is sealed to the key of somebody’s newest visit, also by who wrote to the one before', async () => {
    const room = await deriveRoom(new Uint8Array(16), webCrypto());
    const visit = async (session: string): Promise<Someone> => {
      const someone = new Someone(await Sealer.create(webCrypto(), room, new Uint8Array(32).fill(7)));
      someone.factory.session = session as SessionId;
      return someone;
    };
    const [before, after] = [await visit('0000000000000001'), await visit('0000000000000002')];
    expect(after.id).toBe(before.id);
    await ana!.take(await before.presence());
    expect(ana!.sealer.direct.canReach(before.id)).toBe(true);
    await ana!.take(await after.presence());
    // Out of somebody's log, late.
    await ana!.take(await before.presence());
    expect(ana!.sealer.direct.canReach(after.id)).toBe(true);
    const sealed = await ana!.sealer.seal(ana!.factory.newMessage([to(after.id, 'welcome back')], 16, 1));
    expect((await after.read(sealed)).shown).toEqual(['welcome back']);
    expect((await before.read(sealed)).shown).toEqual([undefined]);
    // Its own earlier presence takes no key from it.
    await after.take(await before.presence());
    const own = await after.sealer.seal(after.factory.newMessage([to(after.id, 'a note')], 1, 1));
    expect((await after.read(own)).shown).toEqual(['a note']);
  });

  it('[S8] to an earlier session of somebody stays closed to the next one, which has other keys', async () => {
    const [before, after] = await Promise.all([Someone.of(webCrypto()), Someone.of(webCrypto())]);
    await ana!.take(await before.presence());
    expect(ana!.sealer.direct.canReach(before.id)).toBe(true);
    const sealed = await ana!.sealer.seal(ana!.factory.newMessage([to(before.id, 'too late')], 15, 1));
    expect((await before.read(sealed)).shown).toEqual(['too late']);
    expect((await after.read(sealed)).shown).toEqual([undefined]);
  });

  it('[S7] is what the rule says, put together by hand', async () => {
    const { room } = await deriveRoom(new Uint8Array(16), webCrypto());
    const info = concat(
      utf8('banyan-1 direct'),
      fromHex(room),
      ana!.sealer.publicKey,
      fromHex('0000000000000001'), // session
      fromHex('01020304'), // seq
      fromHex(ben!.id),
    );
    const { enc, context } = sealTo(ben!.sealer.direct.publicKey, info)!;
    // Kind text, a channel of one letter, and the words.
    const text = fromHex('000163676f6c64656e');
    expect(directBody.decode(text)).toEqual({ content: 'text', channel: 'c', data: encodeUtf8('golden') });
    const messages: Message[] = [
      to(noNode, 'for all'),
      { content: 'sealed', to: ben!.id, channel: '', data: concat(enc, context.seal(0, fromHex('0001'), text)) },
      { content: 'sealed', to: ben!.id, channel: '', data: context.seal(1, fromHex('0002'), text) },
    ];
    expect(toHex(messagesBody.encode(messages.slice(1))).startsWith(`04${ben!.id}000039${toHex(enc)}`)).toBe(true);
    const packet = await ana!.sealer.seal(ana!.factory.newMessage(messages, 0x01020304, 1));
    expect((await ben!.read(packet)).wire).toEqual([messages[0], ...[1, 2].map(() => to(ben!.id, 'golden', 'c'))]);
  });
});

/** A packet encrypted and signed by a member, with what is for one left as it is. */
async function careless(member: Someone, packet: Packet): Promise<Packet> {
  const { direct } = member.sealer;
  const seal = direct.seal.bind(direct);
  direct.seal = (given) => given.body;
  const sealed = await member.sealer.seal(packet);
  direct.seal = seal;
  return sealed;
}
