/** What the types must allow. */
import { BanyanError, createRoomLink, joinRoom, type Room } from 'banyan';
import { joinRoom as joinFromNode } from 'banyan/node';
import { roomStores } from 'banyan/svelte';

export async function right(): Promise<number> {
  await using room: Room = await joinRoom(createRoomLink('https://example.org'), { name: 'Ana', role: 'leaf' });
  const off = room.on('message', ({ text, bytes, hops }) => {
    const length: number = text?.length ?? bytes?.byteLength ?? 0;
    return length + hops;
  });
  off();
  await room
    .send('hello', { channel: 'main' })
    .catch((error: unknown) => error instanceof BanyanError && error.code === 'busy');
  roomStores(await joinFromNode('')).members.subscribe((members) => members.size);
  for await (const { from } of room.messages()) return from.length;
  return room.tree.depth;
}
