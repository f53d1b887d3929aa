/** Package entry `banyan`: rooms in a page. */
import type { Room, RoomOptions } from './api.ts';
import { joinRoomIn } from './room.ts';

export * from './api.ts';
export { createIdentity, createOwnedRoom, createRoomLink, parseRoomLink } from './room-link.ts';
export { normalizeName } from './options.ts';

/** Joins the room of a link; resolves when attached. */
export function joinRoom(link: string, options: RoomOptions = {}): Promise<Room> {
  return joinRoomIn(link, options, { origin: location.origin });
}
