/* eslint svelte/prefer-svelte-reactivity: off -- these collections are not watched; what is watched is replaced whole. */
/** A room as the page shows it: the SDK's events gathered into values that Svelte can watch. */
import {
  type Member,
  type Message,
  type Moderation,
  type NodeId,
  type Room,
  type TreePeer,
  type TreeView,
} from '../../../client/api.ts';
import { PacketLog } from '../inspect/packet-log.svelte.ts';
import { shortId } from '../people/identity.ts';
import { FileItem } from '../files/file-item.svelte.ts';
import { namesakesOf } from '../people/namesake.ts';
import { notesBetween } from '../people/rules.ts';
import { TalkState } from '../talk/talk-state.svelte.ts';
import {
  addEntries,
  authorOf,
  type Entry as AnyEntry,
  fileEntry,
  isHistory,
  messageEntry,
  nameOfEntry,
  senderOf,
} from '../talk/timeline.ts';
import { shapeOf } from '../tree/shape.ts';
import { Traffic } from '../tree/traffic.svelte.ts';
import { DrawPace, gatherMsMin, measureDrawing } from './draw-pace.ts';
import { followTabs } from './tabs.ts';
import { type Standing } from './words.ts';

/** How often facts that have no event are looked at, in ms. */
const lookMs = 1_000;
/** Entries kept for the list; the oldest go first, so many at a time that the rest stays in its place mostly. */
const entriesMax = 5_000;
const entriesStep = 500;

/** What was said, sent and what happened. */
export type Entry = AnyEntry<FileItem>;

interface Edges {
  readonly peers: readonly TreePeer[];
  readonly head: NodeId | undefined;
}

function edgesOf({ peers, path, head, parent }: TreeView, self: NodeId): Edges {
  const known = [...peers.values()];
  if (!peers.has(self)) known.push({ id: self, parent: head ? undefined : parent });
  return { peers: known, head: head ? self : path[0] };
}

function sameEdges(a: Edges, b: Edges): boolean {
  if (a.head !== b.head || a.peers.length !== b.peers.length) return false;
  return a.peers.every((peer, i) => {
    const other = b.peers[i];
    return peer.id === other?.id && peer.parent === other.parent;
  });
}

export class LiveRoom {
  readonly room: Room;
  readonly selfId: NodeId;
  readonly packetLog = new PacketLog();
  readonly traffic: Traffic;
  readonly talk: TalkState;

  standing: Standing = $state.raw() as Standing;
  rootReachable = $state(true);
  members: ReadonlyMap<NodeId, Member> = $state.raw(new Map());
  tree: TreeView = $state.raw() as TreeView;
  /** What the room's owner ruled. */
  moderation: Moderation = $state.raw() as Moderation;
  entries: readonly Entry[] = $state.raw([]);
  /** Messages and files of others that arrived while nobody looked. */
  unread = $state(0);
  /** The first of them, also after somebody looked: where a mark stands. */
  firstUnread: string | undefined = $state();
  /** This peer and those of the same person's other tabs. */
  own: ReadonlySet<NodeId> = $state.raw(new Set());

  readonly shape = $derived.by(() => shapeOf(this.#edges.peers, this.#edges.head));

  /** Members whose name looks like another's; `own` where it looks like one's own. */
  readonly namesakes = $derived.by(() => namesakesOf(this.members.values(), this.own));

  /** Called for each message of somebody else that arrives live. */
  onmessage: ((message: Message) => void) | undefined;
  /** The same for a file. */
  onfile: ((file: FileItem) => void) | undefined;

  /** What the shape follows from: replaced only when it differs, since most new views only bring new round trips. */
  #edges: Edges = $state.raw({ peers: [], head: undefined });
  #membersChanged = true;
  readonly #known = new Map<NodeId, Member>();
  #isWatched = true;
  readonly #end = new AbortController();
  readonly #ended: () => void;
  #added: Entry[] = [];
  #list: Entry[] = [];
  readonly #pace = new DrawPace();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueAtMs = Infinity;

  constructor(room: Room, ended: () => void) {
    this.room = room;
    this.selfId = room.self.id;
    this.#ended = ended;
    this.traffic = new Traffic(this.selfId, () => this.shape);
    const { signal } = this.#end;
    this.talk = new TalkState(room, signal);
    this.own = new Set([this.selfId]);
    followTabs(room.id, this.selfId, signal, (others) => {
      this.own = new Set([this.selfId, ...others]);
    });
    room.on('message', (message) => this.#message(message), { signal });
    room.on('file', (file) => this.#file(FileItem.received(file)), { signal });
    room.on('join', (member) => this.#presence('join', member), { signal });
    room.on('leave', (member) => this.#presence('leave', member), { signal });
    room.on('member', (member) => this.#memberChanged(member), { signal });
    room.on('state', () => this.#soon(), { signal });
    room.on('tree', () => this.#soon(), { signal });
    room.on('moderation', (moderation) => this.#ruled(moderation), { signal });
    room.on('error', ({ code }) => code === 'forked' && this.#add({ kind: 'note', atMs: Date.now(), note: code }), {
      signal,
    });
    this.#ruled(room.moderation);
    room.on('gap', (gap) => this.#add({ kind: 'gap', atMs: Date.now(), gap }), { signal });
    room.on(
      'packet',
      (trace) => {
        this.packetLog.add(trace);
        this.traffic.packet(trace);
      },
      { signal },
    );
    const look = setInterval(() => this.#soon(), lookMs);
    document.addEventListener('visibilitychange', () => this.#looked(), { signal });
    signal.addEventListener('abort', () => {
      clearInterval(look);
      clearTimeout(this.#timer);
    });
    this.#flush();
  }

  /** The name somebody goes by, also after they left; the start of the id when none is known. */
  nameOf(id: NodeId): string {
    const name = (this.members.get(id) ?? this.#known.get(id))?.name ?? '';
    return name === '' ? shortId(id) : name;
  }

  tagOf(id: NodeId): string {
    return (this.members.get(id) ?? this.#known.get(id))?.tag ?? shortId(id);
  }

  /** Leaves the room; the page is told through `ended`. */
  async close(): Promise<void> {
    await this.room.leave();
    this.#flush();
  }

  /** Sends files to everybody. Throws what `room.sendFile` throws. */
  sendFiles(files: readonly File[]): void {
    for (const file of files) this.#file(FileItem.sent(this.room.sendFile(file), this.selfId, file));
  }

  /** Whether the conversation is on the screen, for whoever looks at the page. */
  set watched(isWatched: boolean) {
    this.#isWatched = isWatched;
    this.#looked();
  }

  #looked(): void {
    if (this.#isWatched && !document.hidden) this.unread = 0;
  }

  #arrived(entry: Entry): void {
    this.#add(entry);
    if (authorOf(entry) === 'self') {
      // Who says something has read what there was.
      this.firstUnread = undefined;
      return;
    }
    const from = senderOf(entry);
    if (from !== undefined && this.own.has(from)) return;
    if (this.#isWatched && !document.hidden) return;
    if (this.unread === 0) this.firstUnread = nameOfEntry(entry);
    this.unread += 1;
  }

  #file(file: FileItem): void {
    this.#heard(file, fileEntry(file), () => this.onfile?.(file));
  }

  #message(message: Message): void {
    this.#heard(message, messageEntry(message), () => this.onmessage?.(message));
  }

  /** Shows what was said; only what is new and of somebody else is told besides. */
  #heard(said: FileItem | Message, entry: Entry, tell: () => void): void {
    if (isHistory(said)) {
      this.#add(entry);
      return;
    }
    this.#arrived(entry);
    if (!this.own.has(said.from)) tell();
  }

  #presence(change: 'join' | 'leave', member: Member): void {
    this.#known.set(member.id, member);
    // Who was here before is no news to a newcomer.
    this.#soonMembers();
    const isNews = !member.self && (change === 'leave' || member.sinceMs >= this.room.self.sinceMs);
    if (isNews) this.#add({ kind: 'presence', atMs: Date.now(), change, id: member.id });
  }

  #memberChanged(member: Member): void {
    const before = this.#known.get(member.id)?.name;
    this.#known.set(member.id, member);
    this.#soonMembers();
    if (before === undefined || before === '' || before === member.name || member.self) return;
    this.#add({ kind: 'rename', atMs: Date.now(), id: member.id, before, after: member.name });
  }

  #ruled(moderation: Moderation): void {
    for (const note of notesBetween(this.moderation, moderation)) this.#add({ kind: 'note', atMs: Date.now(), note });
    this.moderation = moderation;
  }

  #soonMembers(): void {
    this.#membersChanged = true;
    this.#soon();
  }

  #add(entry: Entry): void {
    this.#added.push(entry);
    // Who writes sees it at once.
    this.#soon(authorOf(entry) === 'self' ? gatherMsMin : undefined);
  }

  #soon(waitMs?: number): void {
    const nowMs = performance.now();
    const dueAtMs = nowMs + (waitMs ?? this.#pace.waitMs(nowMs));
    if (dueAtMs >= this.#dueAtMs) return;
    this.#dueAtMs = dueAtMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#flush(), dueAtMs - nowMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#dueAtMs = Infinity;
    const { room } = this;
    if (this.#membersChanged) {
      this.#membersChanged = false;
      for (const member of room.members.values()) this.#known.set(member.id, member);
      this.members = new Map(room.members);
    }
    const { tree } = room;
    if (tree !== this.tree) {
      this.tree = tree;
      const edges = edgesOf(tree, this.selfId);
      if (!sameEdges(edges, this.#edges)) this.#edges = edges;
    }
    this.rootReachable = room.rootReachable;
    this.#setStanding();
    if (this.#added.length > 0) {
      measureDrawing((startMs, costMs) => this.#pace.drew(startMs, costMs));
      addEntries(this.#list, this.#added);
      this.#added = [];
      if (this.#list.length >= entriesMax + entriesStep) this.#list = this.#list.slice(-entriesMax);
      this.entries = this.#list.slice();
    }
    if (room.state === 'left' && !this.#end.signal.aborted) {
      this.#end.abort();
      this.#ended();
    }
  }

  #setStanding(): void {
    const { room } = this;
    const { parent, head, depth, roomSize } = room.tree;
    const { state, detail, reason } = room;
    const next: Standing = { state, detail, reason, parent, head, depth, roomSize };
    const keys = Object.keys(next) as (keyof Standing)[];
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- undefined until the first flush.
    if (this.standing === undefined || keys.some((key) => next[key] !== this.standing[key])) this.standing = next;
  }
}
