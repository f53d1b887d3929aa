/** Package entry `banyan/svelte`: a room as readable stores, without depending on Svelte itself. */
import type { Member, Message, MessageId, NodeId, Receipt, Room, StateChange, TreeView } from './api.ts';

/** Svelte's store contract. */
export interface Readable<T> {
  subscribe(run: (value: T) => void): () => void;
}

export interface RoomStores {
  readonly state: Readable<StateChange['state']>;
  readonly tree: Readable<TreeView>;
  readonly members: Readable<ReadonlyMap<NodeId, Member>>;
  /** The last `keep` messages. */
  readonly messages: Readable<readonly Message[]>;
  /** How far the last `keep` own messages got. */
  readonly receipts: Readable<ReadonlyMap<MessageId, Receipt>>;
  /** Who types, by the channel they do it in; empty for the room itself. */
  readonly typists: Readable<ReadonlyMap<NodeId, string>>;
}

/** Stores that follow a room for as long as somebody subscribes. */
export function roomStores(room: Room, keep = 500): RoomStores {
  let messages: readonly Message[] = [];
  room.on('message', (message) => {
    messages = [...messages, message].slice(-keep);
  });
  let receipts: ReadonlyMap<MessageId, Receipt> = new Map();
  room.on('receipt', (receipt) => {
    receipts = new Map([...receipts, [receipt.id, receipt] as const].slice(receipts.has(receipt.id) ? 0 : -keep));
  });
  let typists: ReadonlyMap<NodeId, string> = new Map();
  room.on('typing', ({ from, active, channel = '' }) => {
    const others = [...typists].filter(([id]) => id !== from);
    typists = new Map(active ? [...others, [from, channel] as const] : others);
  });
  const follow = <T>(
    read: () => T,
    events: readonly ('state' | 'tree' | 'join' | 'leave' | 'member' | 'message' | 'receipt' | 'typing')[],
  ): Readable<T> => ({
    subscribe: (run) => {
      run(read());
      const offs = events.map((event) =>
        room.on(event, () => {
          run(read());
        }),
      );
      return () => {
        for (const off of offs) off();
      };
    },
  });
  return {
    state: follow(() => room.state, ['state']),
    tree: follow(() => room.tree, ['tree']),
    members: follow(() => room.members, ['join', 'leave', 'member']),
    messages: follow(() => messages, ['message']),
    receipts: follow(() => receipts, ['receipt']),
    typists: follow(() => typists, ['typing']),
  };
}
