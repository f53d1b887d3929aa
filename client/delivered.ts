/** From a delivered packet to the messages in it. */
import { noNode, type NodeId } from '../protocol/types.ts';
import type { Message as SentMessage } from '../protocol/wire/bodies.ts';
import { decodeUtf8 } from '../protocol/wire/bytes.ts';
import type { VerifiedPacket } from '../protocol/wire/packet.ts';
import { replyBody } from '../protocol/wire/bodies/talk.ts';
import type { Message, MessageId } from './api.ts';
import { idOf } from './message-id.ts';

export interface Content {
  readonly id: MessageId;
  /** `undefined` for what is not for this peer, or is no message to a person or program. */
  readonly message: Message | undefined;
}

/** Everything in a packet, in its order. A text that is not well-formed is given as bytes. */
export function contentsOf(
  packet: VerifiedPacket<'message'>,
  messages: readonly SentMessage[],
  selfId: NodeId,
): Content[] {
  const { senderId: from, hops } = packet;
  const { session, seq, timeMs } = packet.header;
  const self = from === selfId;
  const receivedAt = Date.now();
  return messages.map(({ content, to, channel, data }, index) => {
    const id = idOf({ sender: from, session, seq, index });
    const isMine = self || to === noNode || to === selfId;
    const said = isMine ? bodyOf(content, data) : undefined;
    if (said === undefined) return { id, message: undefined };
    const message: Message = {
      id,
      from,
      ...said,
      ...(to === noNode ? {} : { to }),
      ...(channel === '' ? {} : { channel }),
      sentAt: timeMs,
      receivedAt,
      hops,
      self,
    };
    return { id, message };
  });
}

/** What a person or program said; `undefined` for everything else. */
function bodyOf(
  content: SentMessage['content'],
  data: Uint8Array,
): Pick<Message, 'text' | 'bytes' | 'replyTo'> | undefined {
  if (content === 'reply') {
    const reply = replyBody.decode(data);
    const text = reply && decodeUtf8(reply.text);
    return text === undefined || reply === undefined ? undefined : { text, replyTo: idOf(reply) };
  }
  if (content !== 'text' && content !== 'bytes') return undefined;
  const text = content === 'text' ? decodeUtf8(data) : undefined;
  return text === undefined ? { bytes: data.slice() } : { text };
}
