/** The conversation as data: what was said and what happened, in order, and the rows a list shows of it. */
import { type Gap, type Message, type NodeId } from '../../../client/api.ts';
import { type RuleNote } from '../people/rules.ts';

/** What the order of the conversation needs of a file. */
export interface SentFile {
  readonly id: string;
  readonly from: NodeId;
  readonly self: boolean;
  readonly name: string;
  /** The sender's clock, and this page's when it was announced, ms since 1970. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

/** What is told of the room as a whole: a rule of its owner's, or that somebody's words contradict each other. */
export type Note = RuleNote | 'forked';

/** `F` is how the page shows a file. */
export type Entry<F extends SentFile = SentFile> =
  | { readonly kind: 'file'; readonly atMs: number; readonly file: F }
  | { readonly kind: 'message'; readonly atMs: number; readonly message: Message }
  | { readonly kind: 'presence'; readonly atMs: number; readonly change: 'join' | 'leave'; readonly id: NodeId }
  | {
      readonly kind: 'rename';
      readonly atMs: number;
      readonly id: NodeId;
      readonly before: string;
      readonly after: string;
    }
  | { readonly kind: 'note'; readonly atMs: number; readonly note: Note }
  | { readonly kind: 'gap'; readonly atMs: number; readonly gap: Gap };

export type Row<F extends SentFile = SentFile> =
  | { readonly kind: 'file'; readonly key: string; readonly file: F }
  | { readonly kind: 'day'; readonly key: string; readonly atMs: number }
  | { readonly kind: 'rename'; readonly key: string; readonly before: string; readonly after: string }
  /** From here on nobody had looked yet. */
  | { readonly kind: 'news'; readonly key: string }
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
  | { readonly kind: 'note'; readonly key: string; readonly note: Note }
  | { readonly kind: 'gap'; readonly key: string; readonly gap: Gap };

/** Messages that took longer than this came out of somebody's log, not straight from the sender. In ms. */
export const historyAfterMs = 15_000;
/** Messages of one sender closer together than this stand in one group. In ms. */
export const groupWithinMs = 5 * 60_000;
/** As many at most. */
export const groupMax = 20;

/** Where an entry of the log belongs: live messages by this page's clock, messages from the log by their sender's. */
function placeMs({ receivedAt, sentAt }: Pick<Message, 'receivedAt' | 'sentAt'>): number {
  return receivedAt - sentAt > historyAfterMs ? sentAt : receivedAt;
}

/** Whether a message came out of a log rather than straight from its sender. */
export function isHistory({ self, receivedAt, sentAt }: Pick<Message, 'self' | 'receivedAt' | 'sentAt'>): boolean {
  return !self && receivedAt - sentAt > historyAfterMs;
}

export function messageEntry(message: Message): Extract<Entry, { kind: 'message' }> {
  return { kind: 'message', atMs: placeMs(message), message };
}

export function fileEntry<F extends SentFile>(file: F): Extract<Entry<F>, { kind: 'file' }> {
  return { kind: 'file', atMs: placeMs(file), file };
}

/** Whose words or file an entry is: one's own, another's, or nobody's. */
export function authorOf(entry: Entry): 'self' | 'other' | undefined {
  const said = entry.kind === 'message' ? entry.message : entry.kind === 'file' ? entry.file : undefined;
  return said && (said.self ? 'self' : 'other');
}

/** Whose words, file or lost words an entry is. */
export function senderOf(entry: Entry): NodeId | undefined {
  if (entry.kind === 'message') return entry.message.from;
  if (entry.kind === 'file') return entry.file.from;
  return entry.kind === 'gap' ? entry.gap.from : undefined;
}

/**
 * Puts entries into a list ordered by `atMs`, in place. An entry never goes before an earlier one of the same sender, whatever
 * the clocks say: each sender's order is the order of delivery.
 */
export function addEntries<F extends SentFile>(list: Entry<F>[], added: readonly Entry<F>[]): void {
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

interface Group {
  readonly from: NodeId;
  lastMs: number;
  readonly messages: Message[];
}

function continues(group: Group, { atMs, message }: Extract<Entry, { kind: 'message' }>): boolean {
  if (group.from !== message.from || group.messages.length >= groupMax) return false;
  return atMs - group.lastMs < groupWithinMs;
}

const dayOf = (atMs: number) => new Date(atMs).toDateString();

/** The name of what was said or sent, for marking it as the first that is new. */
export function nameOfEntry(entry: Entry): string | undefined {
  if (entry.kind === 'message') return entry.message.id;
  return entry.kind === 'file' ? entry.file.id : undefined;
}

/**
 * The rows of a list: day separators, groups of one sender's messages, files, joins and leaves drawn together, gaps, and a mark
 * before the entry that `news` names.
 */
export function rowsOf<F extends SentFile>(entries: readonly Entry<F>[], news?: string): Row<F>[] {
  const rows: Row<F>[] = [];
  let day: string | undefined;
  let group: Group | undefined;
  let presence: { joined: NodeId[]; left: NodeId[] } | undefined;
  for (const [index, entry] of entries.entries()) {
    const entryDay = dayOf(entry.atMs);
    if (entryDay !== day) {
      day = entryDay;
      group = presence = undefined;
      rows.push({ kind: 'day', key: `day ${entryDay}`, atMs: entry.atMs });
    }
    if (news !== undefined && nameOfEntry(entry) === news) {
      group = presence = undefined;
      rows.push({ kind: 'news', key: 'news' });
    }
    switch (entry.kind) {
      case 'message': {
        presence = undefined;
        const { message } = entry;
        if (group !== undefined && continues(group, entry)) {
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
      case 'file':
        group = presence = undefined;
        rows.push({ kind: 'file', key: `file ${entry.file.id}`, file: entry.file });
        break;
      case 'presence':
        group = undefined;
        if (presence === undefined) {
          presence = { joined: [], left: [] };
          rows.push({ kind: 'presence', key: `presence ${entry.id} ${entry.atMs} ${index}`, ...presence });
        }
        note(presence, entry.id, entry.change);
        break;
      case 'rename':
        group = presence = undefined;
        rows.push({ kind: 'rename', key: `rename ${entry.id} ${entry.atMs} ${entry.after}`, ...namesOf(entry) });
        break;
      case 'note':
        group = presence = undefined;
        rows.push({ kind: 'note', key: `note ${entry.note} ${entry.atMs} ${index}`, note: entry.note });
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

/** The rows of now; of groups that are as before, those of before, so that nobody need look into them again. */
export function keepGroups<F extends SentFile>(before: readonly Row<F>[], now: readonly Row<F>[]): Row<F>[] {
  const known = new Map(before.map((row) => [row.key, row]));
  return now.map((row) => {
    const old = known.get(row.key);
    if (row.kind !== 'group' || old?.kind !== 'group') return row;
    const isSame = old.messages.length === row.messages.length && old.messages.at(-1) === row.messages.at(-1);
    return isSame ? old : row;
  });
}

function namesOf({ before, after }: { before: string; after: string }): { before: string; after: string } {
  return { before, after };
}

/** Who comes and goes within one row cancels out. */
function note(presence: { joined: NodeId[]; left: NodeId[] }, id: NodeId, change: 'join' | 'leave'): void {
  const [into, outOf] = change === 'join' ? [presence.joined, presence.left] : [presence.left, presence.joined];
  const at = outOf.indexOf(id);
  if (at >= 0) outOf.splice(at, 1);
  else if (!into.includes(id)) into.push(id);
}

/**
 * Where a list of `total` entries that draws the newest `least`, or more, begins: it moves by whole steps, because if each new
 * entry pushed one out at the top, the group there would be made anew every time.
 */
export function firstDrawn(total: number, least: number, step: number): number {
  return Math.max(0, Math.floor((total - least) / step) * step);
}

/** How a message came: hops, and its time when that says something. */
export function journeyOf(message: Message): { hops: number; tookMs: number | undefined } {
  if (isHistory(message)) return { hops: message.hops, tookMs: undefined };
  return { hops: message.hops, tookMs: Math.max(0, Math.round(message.receivedAt - message.sentAt)) };
}
