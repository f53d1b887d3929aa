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
import type { FileCipher, HpkeContext } from './crypto/hpke.ts';
import { hpkeKeyBytes, isSoundHpkeKey, newSessionKey, type HpkeKey } from './crypto/hpke-key.ts';
import { concat, utf8 } from './crypto/provider.ts';

type Hpke = typeof HpkeModule;

const domain = utf8('banyan-1 direct');
/** Members whose key is kept: as many as ids in seal.ts. */
const keysKept = 4_096;
/** How long it takes until what could not be loaded is asked for again, ms. */
const loadAgainMs = 1_000;
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
  #loading: Promise<Hpke> | undefined;
  #hpke: Hpke | undefined;
  readonly #room: Uint8Array;
  readonly #self: NodeId;
  readonly #key: HpkeKey;
  readonly #keys = new Recent<{ readonly session: SessionId; readonly key: Uint8Array }>(keysKept);
  /** Keys of those this peer wrote to; these are not forgotten while a message waits to be sealed. */
  readonly #addressees = new Map<NodeId, Uint8Array>();

  private constructor(key: HpkeKey, room: RoomId, self: NodeId) {
    this.#room = fromHex(room);
    this.#self = self;
    this.#key = key;
    this.#addressees.set(self, this.#key.publicKey);
  }

  /** With a fresh key, good for this session only. */
  static async create(room: RoomId, self: NodeId): Promise<DirectMessages> {
    return new DirectMessages(await newSessionKey(), room, self);
  }

  /**
   * Loads what seals and opens, if that was not done: for a page that may lose touch with where its scripts come from. What cannot be
   * loaded now is asked for again when it is needed.
   */
  async load(): Promise<Hpke | undefined> {
    this.#loading ??= import('./crypto/hpke.ts');
    try {
      this.#hpke = await this.#loading;
    } catch {
      this.#loading = undefined;
    }
    return this.#hpke;
  }

  /** The same, as long as it takes: what was taken for sending is not dropped. */
  async #loaded(): Promise<Hpke> {
    for (;;) {
      const hpke = await this.load();
      if (hpke) return hpke;
      await new Promise((resolve) => setTimeout(resolve, loadAgainMs));
    }
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
    if (isAgain && isSoundHpkeKey(key)) this.#addressees.set(member, key);
  }

  /** Whether something can be sealed to this member. From then on its key stays. */
  canReach(member: NodeId): boolean {
    if (this.#addressees.has(member)) return true;
    const key = this.#keys.get(member)?.key;
    if (key === undefined || !isSoundHpkeKey(key)) return false;
    this.#addressees.set(member, key);
    return true;
  }

  /** Seals the chunks of a file for one, whose key goes as a message for one (rule F7). */
  async fileSealer(key: Uint8Array): Promise<FileCipher> {
    return (await this.#loaded()).fileCipher(key);
  }

  /** Opens them; there once a message for this peer was opened, as that with the key was. */
  fileOpener(key: Uint8Array): FileCipher | undefined {
    return this.#hpke?.fileCipher(key);
  }

  /** Room, both ends and place in the stream: a sealed message can be moved nowhere else, not even by its sender. */
  #info(packet: Packet, addressee: NodeId): Uint8Array {
    const { session, seq } = packet.header;
    const place = Uint8Array.of(seq >>> 24, seq >>> 16, seq >>> 8, seq);
    return concat(domain, this.#room, packet.sender, fromHex(session), place, fromHex(addressee));
  }

  /** The body of a message packet before it is encrypted, with what is for one sealed. */
  seal(packet: Packet): Uint8Array | Promise<Uint8Array> {
    const messages = messagesBody.decode(packet.body);
    return messages?.some(isForOne) ? this.#seal(packet, messages) : packet.body;
  }

  async #seal(packet: Packet, messages: readonly Message[]): Promise<Uint8Array> {
    const hpke = await this.#loaded();
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
      const begun = key && hpke.sealTo(key, this.#info(packet, to));
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
  open(packet: Packet, body: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const messages = messagesBody.decode(body);
    const isTouched = messages?.some((message) => message.content === 'sealed' || isForOne(message));
    return messages && isTouched ? this.#open(packet, messages) : body;
  }

  async #open(packet: Packet, messages: readonly Message[]): Promise<Uint8Array> {
    const isForSelf = messages.some(({ content, to }) => content === 'sealed' && to === this.#self);
    // Whatever stands behind this packet cannot wait for a script that does not come.
    const hpke = isForSelf ? await this.load() : undefined;
    let context: HpkeContext | undefined;
    let count = 0;
    const opened = messages.map((message, index): Message => {
      if (isForOne(message)) return unreadable(message);
      const { content, to, data } = message;
      if (content !== 'sealed' || to !== this.#self) return message;
      const isFirst = count === 0;
      if (isFirst) context = hpke?.openWith(this.#key, data.subarray(0, hpkeKeyBytes), this.#info(packet, to));
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
