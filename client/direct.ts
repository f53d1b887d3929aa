/**
 * Messages for one: sealed to their addressee within the packet that everybody carries (rules S7, S8). The packet is encrypted
 * for the room and signed all the same, so every hop knows who speaks, and nobody but the two ends knows what is said.
 */
import { Recent } from '../protocol/recent.ts';
import { noNode, type NodeId, type RoomId, type SessionId } from '../protocol/types.ts';
import { messagesBody, presenceBody, type Message } from '../protocol/wire/bodies.ts';
import { fromHex } from '../protocol/wire/bytes.ts';
import { directBody, directKinds, type DirectBody } from '../protocol/wire/bodies/direct.ts';
import type { Packet } from '../protocol/wire/packet.ts';
import type * as HpkeModule from './crypto/hpke.ts';
import type { FileCipher, HpkeContext, HpkeKey } from './crypto/hpke.ts';
import { concat, utf8 } from './crypto/provider.ts';

type Hpke = typeof HpkeModule;

const domain = utf8('banyan-1 direct');
/** Members whose key is kept: as many as ids in seal.ts. */
const keysKept = 4_096;
const nothing = new Uint8Array(0);

/** Said in place of what cannot be read here, so that the messages of a packet keep their places. */
function unreadable(message: Message): Message {
  return { content: 'sealed', to: message.to, channel: '', data: nothing };
}

function isDirect(content: Message['content']): content is DirectBody['content'] {
  return (directKinds as readonly string[]).includes(content);
}

function isForOne({ content, to }: Message): boolean {
  return to !== noNode && isDirect(content);
}

export class DirectMessages {
  readonly #hpke: Hpke;
  readonly #room: Uint8Array;
  readonly #self: NodeId;
  readonly #key: HpkeKey;
  readonly #keys = new Recent<{ readonly session: SessionId; readonly key: Uint8Array }>(keysKept);
  /** Keys of those this peer wrote to; these are not forgotten while a message waits to be sealed. */
  readonly #addressees = new Map<NodeId, Uint8Array>();

  private constructor(hpke: Hpke, key: HpkeKey, room: RoomId, self: NodeId) {
    this.#hpke = hpke;
    this.#room = fromHex(room);
    this.#self = self;
    this.#key = key;
    this.#addressees.set(self, this.#key.publicKey);
  }

  /** With a fresh key, good for this session only. */
  static async create(room: RoomId, self: NodeId): Promise<DirectMessages> {
    const hpke = await import('./crypto/hpke.ts');
    return new DirectMessages(hpke, await hpke.newSessionKey(), room, self);
  }

  /** What others seal to; goes into the own presence. */
  get publicKey(): Uint8Array {
    return this.#key.publicKey;
  }

  /** Takes the key from a member's presence, whose signature was checked. That of an earlier session may come later, out of a log. */
  learn(member: NodeId, session: SessionId, presence: Uint8Array): void {
    const sealingKey = presenceBody.decode(presence)?.sealingKey;
    const known = this.#keys.get(member);
    if (!sealingKey?.some((byte) => byte !== 0) || (known !== undefined && session < known.session)) return;
    const key = sealingKey.slice();
    this.#keys.set(member, { session, key });
    // Who comes again under the same id reads no more what is sealed to the key of before.
    const isAgain = member !== this.#self && this.#addressees.has(member);
    if (isAgain && this.#hpke.isSoundHpkeKey(key)) this.#addressees.set(member, key);
  }

  /** Whether something can be sealed to this member. From then on its key stays. */
  canReach(member: NodeId): boolean {
    if (this.#addressees.has(member)) return true;
    const key = this.#keys.get(member)?.key;
    if (key === undefined || !this.#hpke.isSoundHpkeKey(key)) return false;
    this.#addressees.set(member, key);
    return true;
  }

  /** Seals and opens the chunks of a file for one, whose key goes as a message for one (rule F7). */
  fileCipher(key: Uint8Array): FileCipher {
    return this.#hpke.fileCipher(key);
  }

  /** Room, both ends and place in the stream: a sealed message can be moved nowhere else, not even by its sender. */
  #info(packet: Packet, addressee: NodeId): Uint8Array {
    const { session, seq } = packet.header;
    const place = Uint8Array.of(seq >>> 24, seq >>> 16, seq >>> 8, seq);
    return concat(domain, this.#room, packet.sender, fromHex(session), place, fromHex(addressee));
  }

  /** The body of a message packet before it is encrypted, with what is for one sealed. */
  seal(packet: Packet): Uint8Array {
    const messages = messagesBody.decode(packet.body);
    if (!messages?.some(isForOne)) return packet.body;
    const contexts = new Map<NodeId, { readonly context: HpkeContext; count: number }>();
    const sealed = messages.map((message, index): Message => {
      const { content, to, channel, data } = message;
      if (to === noNode || !isDirect(content)) return message;
      const text = directBody.encode({ content, channel, data });
      const known = contexts.get(to);
      if (known !== undefined) {
        const more = known.context.seal(known.count++, aadOf(index), text);
        return { content: 'sealed', to, channel: '', data: more };
      }
      const key = this.#addressees.get(to);
      const begun = key && this.#hpke.sealTo(key, this.#info(packet, to));
      // Never in the clear: `canReach` was not asked, which is a mistake of the caller's.
      if (begun === undefined) return unreadable(message);
      contexts.set(to, { context: begun.context, count: 1 });
      const data0 = concat(begun.enc, begun.context.seal(0, aadOf(index), text));
      return { content: 'sealed', to, channel: '', data: data0 };
    });
    return messagesBody.encode(sealed);
  }

  /**
   * The decrypted body of a message packet, with what is for this peer opened. What names an addressee and is not sealed is
   * taken out, so that nothing is shown as private that others could read. One key agreement a packet at most.
   */
  open(packet: Packet, body: Uint8Array): Uint8Array {
    const messages = messagesBody.decode(body);
    if (!messages?.some((message) => message.content === 'sealed' || isForOne(message))) return body;
    let context: HpkeContext | undefined;
    let count = 0;
    const opened = messages.map((message, index): Message => {
      if (isForOne(message)) return unreadable(message);
      const { content, to, data } = message;
      if (content !== 'sealed' || to !== this.#self) return message;
      const { hpkeKeyBytes } = this.#hpke;
      const isFirst = count === 0;
      if (isFirst) context = this.#hpke.openWith(this.#key, data.subarray(0, hpkeKeyBytes), this.#info(packet, to));
      const text = context?.open(count++, aadOf(index), isFirst ? data.subarray(hpkeKeyBytes) : data);
      const direct = text && directBody.decode(text);
      return direct ? { ...direct, to } : unreadable(message);
    });
    return messagesBody.encode(opened);
  }
}

/** The place of a message in its packet. */
function aadOf(index: number): Uint8Array {
  return Uint8Array.of(index >> 8, index & 255);
}
