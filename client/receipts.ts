/** Own messages and how far they got: from the core's counts of packets to one receipt a message. */
import type { CoreOutput } from '../protocol/core/io.ts';
import { receiptWindow } from '../protocol/limits.ts';
import { noNode } from '../protocol/types.ts';
import type { Message as SentMessage } from '../protocol/wire/bodies.ts';
import type { MessageId, Receipt } from './api.ts';

interface Sent {
  readonly id: MessageId;
  readonly isForOne: boolean;
  /** For one, whether that one was given it: it stays so though it leaves. */
  isThere: boolean;
}

/** Contents that people and programs send as messages; files tell of themselves. */
const told: ReadonlySet<string> = new Set<SentMessage['content']>(['text', 'bytes', 'reply']);

export class Receipts {
  readonly #tell: (receipt: Receipt) => void;
  readonly #packets = new Map<number, readonly Sent[]>();

  constructor(tell: (receipt: Receipt) => void) {
    this.#tell = tell;
  }

  /** An own packet is in the log; `ids` are those of its messages, in their order. */
  sent(seq: number, ids: readonly MessageId[], messages: readonly SentMessage[]): void {
    const all = messages.flatMap(({ content, to }, index): Sent[] => {
      const id = ids[index];
      return id !== undefined && told.has(content) ? [{ id, isForOne: to !== noNode, isThere: false }] : [];
    });
    if (all.length > 0) this.#packets.set(seq, all);
    for (const known of this.#packets.keys()) {
      if (known > seq - receiptWindow) break;
      this.#packets.delete(known);
    }
  }

  /** What the core says of packets. A message for one has one receiver, whoever else carries it. */
  output({ of, receipts }: Extract<CoreOutput, { kind: 'receipts' }>): void {
    for (const { seq, reached } of receipts) {
      for (const sent of this.#packets.get(seq) ?? []) {
        const { id, isForOne } = sent;
        if (!isForOne) {
          this.#tell({ id, reached, of });
        } else if (!sent.isThere) {
          sent.isThere = reached > 0;
          this.#tell({ id, reached: Math.min(1, reached), of: 1 });
        }
      }
    }
  }
}
