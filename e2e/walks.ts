/** Which way each word really took, read from what the pages' cores were given. */
import { decodeJournal } from '../protocol/journal.ts';
import { replay } from '../protocol/sim/replay.ts';
import type { NodeId } from '../protocol/types.ts';
import { journalOf, type RoomPage } from './fixtures.ts';

/** A packet as a page took it: whose it is, its position, which neighbour it came from (own: nobody) and what is in it. */
interface Taken {
  readonly stream: string;
  readonly seq: number;
  readonly origin: NodeId;
  readonly by: NodeId;
  readonly messages: number;
}

/**
 * Steps from origin to reader of every message, in the order in which the reader was given it: by reader, then by origin.
 * A word goes by the tree as it stood, or by a backup link where the tree was slow, so nothing but the walk itself says how
 * long it is. Throws when a walk does not lead to its origin.
 */
export async function walkLengths(pages: readonly RoomPage[]): Promise<Map<string, Map<string, number[]>>> {
  const takenAt = new Map<string, Taken[]>();
  for (const { page, name } of pages) {
    const journal = decodeJournal(await journalOf(page));
    if (journal === undefined || journal.isCut === true) throw new Error(`no whole journal of ${name}`);
    const taken: Taken[] = [];
    for (const { outputs } of replay(journal)) {
      for (const output of outputs) {
        if (output.kind !== 'deliver') continue;
        const { senderId, node, header } = output.packet;
        taken.push({
          stream: `${senderId} ${header.session}`,
          seq: header.seq,
          origin: senderId,
          by: node.id,
          messages: output.messages.length,
        });
      }
    }
    takenAt.set(journal.id, taken);
  }
  const bySeq = new Map(
    [...takenAt].map(([id, taken]) => [id, new Map(taken.map((each) => [`${each.stream} ${each.seq}`, each]))]),
  );

  function lengthOf(reader: string, { stream, seq, origin }: Taken): number {
    let steps = 0;
    for (let at = reader; at !== origin; steps++) {
      const by = bySeq.get(at)?.get(`${stream} ${seq}`)?.by;
      if (by === undefined || steps > pages.length) throw new Error(`#${seq} of ${origin} came to ${at} from nowhere`);
      at = by;
    }
    return steps;
  }

  const lengths = new Map<string, Map<string, number[]>>();
  for (const [reader, taken] of takenAt) {
    const byOrigin = new Map<string, number[]>();
    for (const each of taken) {
      const list = byOrigin.get(each.origin) ?? [];
      byOrigin.set(each.origin, list);
      for (let i = 0; i < each.messages; i++) list.push(lengthOf(reader, each));
    }
    lengths.set(reader, byOrigin);
  }
  return lengths;
}
