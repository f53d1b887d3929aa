// A program of Node that uses the package: node talk.mjs LINK NAME
import { joinRoom } from 'banyan/node';

const [, , link = '', name = ''] = process.argv;
const room = await joinRoom(link, { name, iceServers: [] });
room.on('message', ({ text }) => {
  console.log(JSON.stringify({ text }));
});
await room.send(`hello from ${name}`);
