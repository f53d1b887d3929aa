/** From a delivered packet to the messages in it. */
import { noNode, type NodeId } from '../protocol/types.ts';
import type { Message as SentMessage } from '../protocol/wire/bodies.ts';
import { decodeUtf8 } from '../protocol/wire/bytes.ts';
import type { VerifiedPacket } from '../protocol/wire/packet.ts';
import type { Message, MessageId } from './api.ts';

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
    const id = `${from}:${session}:${seq}:${index}`;
    const isMine = self || to === noNode || to === selfId;
    if (!isMine || (content !== 'text' && content !== 'bytes')) return { id, message: undefined };
    const text = content === 'text' ? decodeUtf8(data) : undefined;
    const message: Message = {
      id,
      from,
      ...(text === undefined ? { bytes: data.slice() } : { text }),
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
