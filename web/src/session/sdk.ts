/** What the page needs of the SDK. The real one comes from client/index.ts; the demonstration gives its own. */
import { type Room, type RoomOptions } from '../../../client/api.ts';

export interface Sdk {
  readonly createIdentity: () => string | Promise<string>;
  createOwnedRoom(rootUrl: string): Promise<{ readonly link: string; readonly ownerKey: string }>;
  joinRoom(link: string, options?: RoomOptions): Promise<Room>;
}
