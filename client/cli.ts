/** `banyan join LINK`: a headless peer that chats on stdin and stdout. */
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { BanyanError, joinRoom, type Room, type StateChange } from './node.ts';

const usage = `Usage: npx banyan join LINK [options]

  --name NAME   the name others see
  --relay       serve as many clients as can be, and say so
  --json        one JSON object a line on standard output
  --help        this text

Lines on standard input are sent; messages are printed. Ctrl+C leaves.
`;

interface JoinArguments {
  readonly link: string;
  readonly name: string | undefined;
  readonly relay: boolean;
  readonly json: boolean;
}

function parse(args: readonly string[]): JoinArguments | { readonly help: true } | { readonly error: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        relay: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return { help: true };
    const [link, ...more] = positionals;
    if (link === undefined || more.length > 0) return { error: 'one LINK is wanted' };
    return { link, name: values.name, relay: values.relay, json: values.json };
  } catch (error) {
    return { error: error instanceof Error ? error.message : 'unknown arguments' };
  }
}

function inWords({ state, detail, parent }: StateChange): string {
  if (state === 'attached') return `attached to ${parent?.slice(0, 8) ?? 'the root'}`;
  if (state === 'healing') return 'lost the parent, looking for another';
  if (state === 'left') return 'left the room';
  return detail.replaceAll('-', ' ');
}

/** Shows a room on the terminal until it is left. */
function show(room: Room, json: boolean): void {
  const print = (event: string, value: object): void => {
    if (json) console.log(JSON.stringify({ event, ...value }));
  };
  const nameOf = (id: string): string => room.members.get(id as never)?.name ?? id.slice(0, 8);
  print('attached', { id: room.self.id, depth: room.tree.depth, roomSize: room.tree.roomSize });
  if (!json) console.error(`attached at depth ${room.tree.depth}, ${room.tree.roomSize} in the room`);
  room.on('message', (message) => {
    print('message', message);
    if (!json && !message.self && message.text !== undefined) console.log(`${nameOf(message.from)}: ${message.text}`);
  });
  room.on('state', (change) => {
    print('state', change);
    if (!json) console.error(inWords(change));
  });
  room.on('gap', (gap) => {
    print('gap', gap);
    if (!json) console.error(`${gap.toSeq - gap.fromSeq + 1} messages of ${nameOf(gap.from)} are lost`);
  });
  for (const event of ['join', 'leave'] as const) {
    room.on(event, (member) => {
      print(event, member);
      if (!json && !member.self) console.error(`${member.name} ${event === 'join' ? 'is here' : 'left'}`);
    });
  }
}

async function join(args: JoinArguments): Promise<void> {
  const iceServers = JSON.parse(process.env['BANYAN_ICE_SERVERS'] ?? '[]') as RTCIceServer[];
  const room = await joinRoom(args.link, {
    iceServers,
    ...(args.name === undefined ? {} : { name: args.name }),
    ...(args.relay ? { role: 'relay' } : {}),
  });
  show(room, args.json);
  const leave = (): void => {
    void room.leave().then(() => {
      // What was said last is still on its way.
      setTimeout(() => process.exit(0), 300);
    });
  };
  process.once('SIGINT', leave);
  process.once('SIGTERM', leave);
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    if (line === '') continue;
    await room.send(line).catch((error: unknown) => {
      console.error(`not sent: ${error instanceof Error ? error.message : 'unknown'}`);
    });
  }
  if (!args.relay) leave();
}

const parsed = parse(process.argv.slice(2));
if ('help' in parsed) {
  console.log(usage);
} else if ('error' in parsed) {
  console.error(`banyan join: ${parsed.error}\n\n${usage}`);
  process.exitCode = 2;
} else {
  join(parsed).catch((error: unknown) => {
    console.error(`banyan join: ${error instanceof BanyanError ? `${error.code}: ${error.message}` : String(error)}`);
    process.exit(1);
  });
}
