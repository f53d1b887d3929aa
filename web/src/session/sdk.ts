/** What the page needs of the SDK. The real one comes from client/index.ts; the demonstration and tests give their own. */
import { type Room, type RoomOptions, type StateChange } from '../../../client/api.ts';

export interface JoinOptions extends RoomOptions {
  /** Told each step of joining, before `joinRoom` resolves. An SDK that does not know it leaves the page at the first step. */
  readonly onState?: (change: StateChange) => void;
}

export interface Sdk {
  createRoomLink(rootUrl: string): string;
  joinRoom(link: string, options?: JoinOptions): Promise<Room>;
}
