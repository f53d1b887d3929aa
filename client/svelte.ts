/** Package entry `banyan/svelte`: a room as readable stores, without depending on Svelte itself. */
import type { Member, Message, NodeId, Room, StateChange, TreeView } from './api.ts';

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
}

/** Stores that follow a room for as long as somebody subscribes. */
export function roomStores(room: Room, keep = 500): RoomStores {
  let messages: readonly Message[] = [];
  room.on('message', (message) => {
    messages = [...messages, message].slice(-keep);
  });
  const follow = <T>(
    read: () => T,
    events: readonly ('state' | 'tree' | 'join' | 'leave' | 'member' | 'message')[],
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
  };
}
