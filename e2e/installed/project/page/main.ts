/** A page that uses the package, through a bundler. The address of the page holds the room's link. */
import { joinRoom } from 'banyan';
import { roomStores } from 'banyan/svelte';

const { searchParams } = new URL(location.href);
const room = await joinRoom(searchParams.get('room') ?? '', {
  name: searchParams.get('name') ?? 'Page',
  iceServers: [],
});
roomStores(room).messages.subscribe((messages) => {
  document.body.replaceChildren(
    ...messages.map(({ text }) => Object.assign(document.createElement('p'), { textContent: text ?? '' })),
  );
});
await room.send(`hello from ${room.self.name}`);
