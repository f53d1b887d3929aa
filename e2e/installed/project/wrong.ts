/** What the types must refuse, a line each. */
import { joinRoom, type Room } from 'banyan';

export async function wrong(room: Room): Promise<void> {
  await joinRoom('', { role: 'king' });
  room.on('nonsense', () => undefined);
  await room.send(1);
  room.members.clear();
}
