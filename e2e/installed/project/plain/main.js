/** A page that has the SDK from the root itself. A page of one root would import it by its address. */
const { searchParams } = new URL(location.href);
const link = searchParams.get('room') ?? '';
const { joinRoom } = await import(new URL('/banyan.js', link).href);
const room = await joinRoom(link, { name: searchParams.get('name') ?? 'Page', iceServers: [] });
room.on('message', ({ text }) => {
  document.body.append(Object.assign(document.createElement('p'), { textContent: text ?? '' }));
});
await room.send(`hello from ${room.self.name}`);
