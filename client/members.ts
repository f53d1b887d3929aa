/** Who is in the room, as its members say of themselves. */
import type { NodeId } from '../protocol/types.ts';
import type { PresenceBody } from '../protocol/wire/bodies.ts';
import type { Member, RoomEvents } from './api.ts';
import type { Emitter } from './emitter.ts';
import { normalizeName } from './options.ts';

export function memberOf(id: NodeId, presence: PresenceBody, self: boolean): Member {
  const { role, sinceMs, away } = presence;
  // A name from the network keeps no rule that its sender did not keep.
  return { id, name: normalizeName(presence.name), role, sinceMs, away, tag: id.slice(0, 8), self };
}

export class Members {
  readonly #events: Emitter<RoomEvents>;
  readonly #byId = new Map<NodeId, Member>();

  constructor(events: Emitter<RoomEvents>) {
    this.#events = events;
  }

  get all(): ReadonlyMap<NodeId, Member> {
    return this.#byId;
  }

  /** Somebody is here, or says something else of itself. */
  present(member: Member): void {
    const known = this.#byId.has(member.id);
    this.#byId.set(member.id, member);
    this.#events.emit(known ? 'member' : 'join', member);
  }

  absent(id: NodeId): void {
    const member = this.#byId.get(id);
    this.#byId.delete(id);
    if (member) this.#events.emit('leave', member);
  }
}
