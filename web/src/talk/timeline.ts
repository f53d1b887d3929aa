/** The conversation as data: what was said and what happened, in order, and the rows a list shows of it. */
import { type Gap, type Message, type NodeId } from '../../../client/api.ts';

export type Entry =
  | { readonly kind: 'message'; readonly atMs: number; readonly message: Message }
  | { readonly kind: 'presence'; readonly atMs: number; readonly change: 'join' | 'leave'; readonly id: NodeId }
  | { readonly kind: 'gap'; readonly atMs: number; readonly gap: Gap };

export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly atMs: number }
  | {
      readonly kind: 'group';
      readonly key: string;
      readonly from: NodeId;
      readonly self: boolean;
      readonly messages: readonly Message[];
    }
  | {
      readonly kind: 'presence';
      readonly key: string;
      readonly joined: readonly NodeId[];
      readonly left: readonly NodeId[];
    }
  | { readonly kind: 'gap'; readonly key: string; readonly gap: Gap };

/** Messages that took longer than this came out of somebody's log, not straight from the sender. In ms. */
export const historyAfterMs = 15_000;
/** Messages of one sender closer together than this stand in one group. In ms. */
export const groupWithinMs = 5 * 60_000;

/** Where an entry of the log belongs: live messages by this page's clock, messages from the log by their sender's. */
function placeMs(message: Message): number {
  const tookMs = message.receivedAt - message.sentAt;
  return tookMs > historyAfterMs ? message.sentAt : message.receivedAt;
}

/** Whether a message came out of a log rather than straight from its sender. */
export function isHistory(message: Message): boolean {
  return !message.self && message.receivedAt - message.sentAt > historyAfterMs;
}

export function messageEntry(message: Message): Entry {
  return { kind: 'message', atMs: placeMs(message), message };
}

function senderOf(entry: Entry): NodeId | undefined {
  if (entry.kind === 'message') return entry.message.from;
  return entry.kind === 'gap' ? entry.gap.from : undefined;
}

/**
 * Puts entries into a list ordered by `atMs`, in place. An entry never goes before an earlier one of the same sender, whatever
 * the clocks say: each sender's order is the order of delivery.
 */
export function addEntries(list: Entry[], added: readonly Entry[]): void {
  for (const entry of added) {
    const sender = senderOf(entry);
    let at = list.length;
    while (at > 0) {
      const before = list[at - 1];
      if (before === undefined || before.atMs <= entry.atMs) break;
      if (sender !== undefined && senderOf(before) === sender) break;
      at -= 1;
    }
    const previous = list[at - 1];
    const atMs = previous !== undefined && previous.atMs > entry.atMs ? previous.atMs : entry.atMs;
    list.splice(at, 0, atMs === entry.atMs ? entry : { ...entry, atMs });
  }
}

const dayOf = (atMs: number) => new Date(atMs).toDateString();

/** The rows of a list: day separators, groups of one sender's messages, joins and leaves drawn together, gaps. */
export function rowsOf(entries: readonly Entry[]): Row[] {
  const rows: Row[] = [];
  let day: string | undefined;
  let group: { from: NodeId; lastMs: number; messages: Message[] } | undefined;
  let presence: { joined: NodeId[]; left: NodeId[] } | undefined;
  for (const [index, entry] of entries.entries()) {
    const entryDay = dayOf(entry.atMs);
    if (entryDay !== day) {
      day = entryDay;
      group = presence = undefined;
      rows.push({ kind: 'day', key: `day ${entryDay}`, atMs: entry.atMs });
    }
    switch (entry.kind) {
      case 'message': {
        presence = undefined;
        const { message } = entry;
        if (group?.from === message.from && entry.atMs - group.lastMs < groupWithinMs) {
          group.messages.push(message);
          group.lastMs = entry.atMs;
        } else {
          group = { from: message.from, lastMs: entry.atMs, messages: [message] };
          rows.push({
            kind: 'group',
            key: message.id,
            from: message.from,
            self: message.self,
            messages: group.messages,
          });
        }
        break;
      }
      case 'presence':
        group = undefined;
        if (presence === undefined) {
          presence = { joined: [], left: [] };
          rows.push({ kind: 'presence', key: `presence ${entry.id} ${entry.atMs} ${index}`, ...presence });
        }
        note(presence, entry.id, entry.change);
        break;
      case 'gap':
        group = presence = undefined;
        rows.push({
          kind: 'gap',
          key: `gap ${entry.gap.from} ${entry.gap.session} ${entry.gap.fromSeq}`,
          gap: entry.gap,
        });
        break;
    }
  }
  return rows.filter((row) => row.kind !== 'presence' || row.joined.length + row.left.length > 0);
}

/** Who comes and goes within one row cancels out. */
function note(presence: { joined: NodeId[]; left: NodeId[] }, id: NodeId, change: 'join' | 'leave'): void {
  const [into, outOf] = change === 'join' ? [presence.joined, presence.left] : [presence.left, presence.joined];
  const at = outOf.indexOf(id);
  if (at >= 0) outOf.splice(at, 1);
  else if (!into.includes(id)) into.push(id);
}

/** How a message came: hops, and its time when that says something. */
export function journeyOf(message: Message): { hops: number; tookMs: number | undefined } {
  if (isHistory(message)) return { hops: message.hops, tookMs: undefined };
  return { hops: message.hops, tookMs: Math.max(0, Math.round(message.receivedAt - message.sentAt)) };
}
