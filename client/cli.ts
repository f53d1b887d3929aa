/** `banyan join LINK`: a headless peer that chats on stdin and stdout. */
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { parseIceServers } from '../protocol/ice.ts';
import { BanyanError, joinRoom, parseRoomLink, type Message, type Room, type StateChange } from './node.ts';

const usage = `Usage: npx banyan join LINK [options]

  --name NAME   the name others see
  --relay       serve as many clients as can be, and stay when standard input ends
  --hide-address  connect by way of TURN only, so that other members do not learn this machine's address
  --json        one JSON object a line on standard output
  --help        this text

Lines on standard input are sent, messages are printed, changes are told on standard error. Ctrl+C leaves.
BANYAN_ICE_SERVERS may hold ICE servers as a JSON array, [] for none; without it, those that the root hands over are used.
`;

interface JoinArguments {
  readonly roomLink: string;
  readonly name: string | undefined;
  readonly relay: boolean;
  readonly json: boolean;
  /** `undefined` for those that the root hands over. */
  readonly iceServers: RTCIceServer[] | undefined;
  readonly hideAddress: boolean;
}

/** What is wrong with the way the command was called. */
class UsageError extends Error {}

function iceServersOf(json: string | undefined): RTCIceServer[] | undefined {
  if (json === undefined || json === '') return undefined;
  const servers = parseIceServers(json);
  if ('error' in servers) throw new UsageError(`BANYAN_ICE_SERVERS ${servers.error}`.replace(' :', ':'));
  return servers.map(({ urls, ...rest }) => ({ urls: [...urls], ...rest }));
}

function parse(args: readonly string[]): JoinArguments | 'help' {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        relay: { type: 'boolean', default: false },
        'hide-address': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return 'help';
    const [roomLink, ...more] = positionals;
    if (roomLink === undefined || more.length > 0) throw new UsageError('one LINK is wanted');
    parseRoomLink(roomLink);
    const { name, relay, json, 'hide-address': hideAddress } = values;
    const iceServers = iceServersOf(process.env['BANYAN_ICE_SERVERS']);
    return { roomLink, name, relay, json, iceServers, hideAddress };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error instanceof Error ? error.message : 'wrong call');
  }
}

const steps: Readonly<Record<StateChange['detail'], string>> = {
  'connecting-to-root': 'connecting to the root',
  registering: 'registering',
  'asking-for-parent': 'asking for a parent',
  'connecting-to-parent': 'connecting to a parent',
  attached: 'attached',
};

/** Prints what happens: for people on both outputs, for programs as JSON lines on standard output. */
class Printer {
  readonly #json: boolean;
  room: Room | undefined;

  constructor(json: boolean) {
    this.#json = json;
  }

  tell(event: string, value: object, words: string): void {
    if (this.#json) console.log(JSON.stringify({ event, ...value }));
    else console.error(words);
  }

  /** The whole words, with the control characters of terminals made visible. */
  #plain(text: string): string {
    return text.replace(/[^\P{Cc}\t]/gu, '\ufffd');
  }

  nameOf(id: string): string {
    const name = this.room?.members.get(id as Message['from'])?.name ?? '';
    return name === '' ? id.slice(0, 8) : name;
  }

  state(change: StateChange): void {
    this.tell('state', change, this.#stateInWords(change));
  }

  #stateInWords({ state, detail, parent }: StateChange): string {
    const step = detail === 'connecting-to-parent' && parent ? `connecting to ${this.nameOf(parent)}` : steps[detail];
    if (state === 'left') return 'left the room';
    if (state === 'healing') return `lost the parent: ${step}`;
    if (state === 'joining') return step;
    const isHead = parent !== undefined && parent === this.room?.self.id;
    return isHead || parent === undefined ? 'attached to the root as head' : `attached to ${this.nameOf(parent)}`;
  }

  message(message: Message): void {
    const { bytes, ...rest } = message;
    if (this.#json) {
      const base64 = bytes === undefined ? {} : { bytes: Buffer.from(bytes).toString('base64') };
      console.log(JSON.stringify({ event: 'message', ...rest, ...base64 }));
    } else if (!message.self) {
      const words = message.text ?? `(${bytes?.length ?? 0} bytes)`;
      const whom = message.to === undefined ? '' : ' (only to you)';
      console.log(`${this.nameOf(message.from)}${whom}: ${this.#plain(words)}`);
    }
  }

  follow(room: Room): void {
    this.room = room;
    const { self, tree } = room;
    const where = tree.head ? 'as the head, whose parent is the root' : `to ${this.nameOf(tree.parent ?? '')}`;
    const summary = { id: self.id, room: room.id, depth: tree.depth, roomSize: tree.roomSize };
    this.tell('joined', summary, `attached ${where}, at depth ${tree.depth}, ${tree.roomSize} in the room`);
    room.on('message', (message) => {
      this.message(message);
    });
    room.on('gap', (gap) => {
      this.tell('gap', gap, `${gap.toSeq - gap.fromSeq + 1} messages of ${this.nameOf(gap.from)} are lost`);
    });
    room.on('error', ({ code }) => {
      this.tell('error', { code }, `a difficulty: ${code}`);
    });
    for (const event of ['join', 'leave'] as const) {
      room.on(event, (member) => {
        if (member.self) return;
        this.tell(event, member, `${member.name} ${event === 'join' ? 'is here' : 'is gone'}`);
      });
    }
  }
}

async function join({ roomLink, name, relay, json, iceServers, hideAddress }: JoinArguments): Promise<void> {
  const printer = new Printer(json);
  const stop = new AbortController();
  const { signal } = stop;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      stop.abort();
    });
  }
  const room = await joinRoom(roomLink, {
    hideAddress,
    signal,
    onState: (change) => {
      // The first time, `follow` says more.
      if (change.state !== 'attached' || printer.room !== undefined) printer.state(change);
    },
    ...(iceServers === undefined ? {} : { iceServers }),
    ...(name === undefined ? {} : { name }),
    ...(relay ? { role: 'relay' } : {}),
  });
  printer.follow(room);
  const ended = new Promise<void>((resolve) => {
    room.on('state', ({ state }) => {
      if (state === 'left') resolve();
    });
    signal.addEventListener('abort', () => {
      resolve();
    });
    if (signal.aborted) resolve();
  });
  const talking = (async () => {
    for await (const line of createInterface({ input: process.stdin })) {
      if (line === '') continue;
      await room.send(line).catch((error: unknown) => {
        const reason = error instanceof BanyanError ? error.code : String(error);
        printer.tell('error', { code: reason }, `not sent: ${reason}`);
      });
    }
    if (relay) await ended;
  })();
  await Promise.race([talking, ended]);
  await room.leave();
}

async function main(): Promise<number> {
  try {
    const args = parse(process.argv.slice(2));
    if (args === 'help') process.stdout.write(usage);
    else await join(args);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`banyan join: ${error.message}\n\n${usage}`);
      return 2;
    }
    if (error instanceof BanyanError && error.code === 'aborted') return 0;
    const reason = error instanceof BanyanError ? `${error.code}: ${error.message}` : String(error);
    process.stderr.write(`banyan join: ${reason}\n`);
    return 1;
  }
}

// WebRTC's threads keep a process alive: it ends when all is said.
process.exitCode = await main();
process.stdout.write('', () => process.exit());
