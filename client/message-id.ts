/** Names of messages: `node:session:seq:index`. */
import type { NodeId, SessionId } from '../protocol/types.ts';
import type { MessageId } from './api.ts';

/** Where a message stands: whose, in which session, packet and place in the packet. */
export interface MessagePlace {
  readonly sender: NodeId;
  readonly session: SessionId;
  readonly seq: number;
  readonly index: number;
}

/** The name of the message at a place. */
export function idOf({ sender, session, seq, index }: MessagePlace): MessageId {
  return `${sender}:${session}:${seq}:${index}`;
}

/** The place that a name stands for; `undefined` when it is no such name. */
export function placeOf(id: MessageId): MessagePlace | undefined {
  const [, sender, session, seq, index] = /^([0-9a-f]{32}):([0-9a-f]{16}):(\d{1,10}):(\d{1,5})$/.exec(id) ?? [];
  if (sender === undefined || Number(seq) > 0xffffffff || Number(index) > 0xffff) return undefined;
  return { sender: sender as NodeId, session: session as SessionId, seq: Number(seq), index: Number(index) };
}
