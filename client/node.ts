/** Package entry `banyan/node`: the same rooms, headless, over @roamhq/wrtc. */
import wrtc from '@roamhq/wrtc';
import type { Room, RoomOptions } from './api.ts';
import { nodeFileStore } from './node-file-store.ts';
import { joinRoomIn } from './room.ts';

export * from './api.ts';
export { createIdentity, createOwnedRoom, createRoomLink, parseRoomLink } from './room-link.ts';

/** Joins the room of a link; resolves when attached. */
export function joinRoom(link: string, options: RoomOptions = {}): Promise<Room> {
  return joinRoomIn(link, options, { origin: 'node', wrtc, openFileStore: nodeFileStore });
}
