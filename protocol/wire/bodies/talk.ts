/** The bodies of what belongs to talk: answers to a message, receipts on their way to a sender, and who is typing. */
import { channelBytesMax, receiptEntriesMax, receiptWindow } from '../../limits.ts';
import type { NodeId, SessionId } from '../../types.ts';
import { codec, readList } from './codec.ts';

/** So many positions in a row that `count` peers were given each. */
export interface ReceiptRun {
  /** 1 to `receiptWindow`. */
  readonly length: number;
  readonly count: number;
}

/** How many peers on one side of an edge were given the newest packets of one stream (rule T1). */
export interface ReceiptEntry {
  readonly sender: NodeId;
  readonly session: SessionId;
  /** The newest position that is told of. */
  readonly top: number;
  /** From `top` downwards; all together at most `receiptWindow` positions. */
  readonly runs: readonly ReceiptRun[];
}

/** Bytes of the smallest entry. */
const entryBytesMin = 16 + 8 + 4 + 1;

/** receipts, push: towards the senders it names. */
export const receiptsBody = codec<readonly ReceiptEntry[]>(
  (w, v) => {
    w.u8(v.length);
    for (const { sender, session, top, runs } of v) {
      w.id(sender).id(session).u32(top).u8(runs.length);
      for (const { length, count } of runs) w.u8(length).u16(count);
    }
  },
  (r) =>
    readList(r, r.u8(), { countMax: receiptEntriesMax, entryBytesMin }, () => {
      const [sender, session, top] = [r.id(16) as NodeId, r.id(8) as SessionId, r.u32()];
      const runs = Math.min(receiptWindow + 1, r.u8());
      let positions = 0;
      const read = Array.from({ length: runs }, () => {
        const length = r.u8();
        positions += length;
        if (length === 0) r.failed = true;
        return { length, count: r.u16() };
      });
      if (positions > receiptWindow) r.failed = true;
      return { sender, session, top, runs: read };
    }),
);

/** typing, push: whether the sender is writing something. The header's seq is its version; the highest wins. */
export interface TypingBody {
  readonly active: boolean;
  /** Where; empty for the room itself. */
  readonly channel: string;
}
export const typingBody = codec<TypingBody>(
  (w, v) => w.u8(Number(v.active)).text8(v.channel),
  (r) => ({ active: r.bool(), channel: r.text8(channelBytesMax) }),
);

/** The data of a message with content `reply`: which message it answers, then its text. */
export interface ReplyBody {
  readonly sender: NodeId;
  readonly session: SessionId;
  /** Packet and place in it of the message that is answered. */
  readonly seq: number;
  readonly index: number;
  /** UTF-8. */
  readonly text: Uint8Array;
}
export const replyBody = codec<ReplyBody>(
  (w, v) => w.id(v.sender).id(v.session).u32(v.seq).u16(v.index).raw(v.text),
  (r) => ({
    sender: r.id(16) as NodeId,
    session: r.id(8) as SessionId,
    seq: r.u32(),
    index: r.u16(),
    text: r.raw(r.remaining),
  }),
);
/** What an answer adds to its text, in bytes. */
export const replyPrefixBytes = 16 + 8 + 4 + 2;
