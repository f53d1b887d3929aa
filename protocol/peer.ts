/**
 * A peer: the pure core, its links and its crypto, and one turn of the loop that ties them together. It has no timer and
 * no socket of its own; everything comes in by ports.
 *
 * bytes -> wire -> Peer (verify) -> core -> outputs -> Peer (seal) -> link
 */
import { Attestations } from './attestations.ts';
import { PeerCore } from './core/peer-core.ts';
import type { CoreInput, CoreOutput, PeerCounters, PeerOptions, PeerView } from './core/io.ts';
import type { Journal, JournalEntry } from './journal.ts';
import { journalInputsMax, journalNumbersMax, unverifiedMax, waitingPacketsMax } from './limits.ts';
import type { Clock, LinkEvents, LinkMaker, Rng, RootLink, RootLinkEvents, Signer, Verifier } from './ports.ts';
import { Reading } from './reading.ts';
import { Relayed } from './relayed.ts';
import { Stream } from './stream.ts';
import { noNode, type FileKey, type LinkId, type NodeId, type PeerRole } from './types.ts';
import { chunkPrefixBytes, type Message, type PresenceBody } from './wire/bodies.ts';
import { iceBody } from './wire/ice-body.ts';
import type { OrderBody } from './wire/order-body.ts';
import { encodePacket, packetTypes, type Packet, type VerifiedPacket } from './wire/packet.ts';
import type { PacketFactory } from './wire/packet-factory.ts';

export type UserOutput = Extract<
  CoreOutput,
  {
    kind:
      | 'deliver'
      | 'gap'
      | 'presence'
      | 'absent'
      | 'state'
      | 'tree'
      | 'probe'
      | 'error'
      | 'file'
      | 'chunk'
      | 'readChunk'
      | 'fileProgress'
      | 'fileGone'
      | 'receipts'
      | 'typing'
      | 'order';
  }
>;

/** Where a peer's news goes. */
export interface UserInterface {
  output(output: UserOutput): void;
  /** Every packet that crosses a link or the root link. */
  packet?(trace: PacketSeen): void;
}

export interface PacketSeen {
  readonly direction: 'in' | 'out';
  readonly packet: Packet;
  readonly peer: NodeId | 'root';
  readonly bytes: number;
}

export interface PeerPorts {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly signer: Signer;
  readonly verifier: Verifier;
  readonly links: LinkMaker;
  connectRoot(events: RootLinkEvents): RootLink;
  readonly userInterface: UserInterface;
  /** Have `run()` called at this time; a new call replaces the old one. */
  wakeAt(atMs: number): void;
}

/** The core's counters and what crossed the links. */
export interface PeerTotals extends PeerCounters {
  packetsIn: number;
  packetsOut: number;
  bytesIn: number;
  bytesOut: number;
}

/** The core only counts chunks: a journal that kept their bytes would hold hundreds of megabytes. */
function withoutChunk(input: CoreInput): CoreInput {
  if (input.kind !== 'packet' && input.kind !== 'chunkRead') return input;
  const { packet } = input;
  if (packet?.header.type !== 'chunk') return input;
  const { bytes: _bytes, plainText: _plainText, sender, validator, body, ...rest } = packet;
  // Copies: a view would keep all of the received bytes.
  const copies = { sender: sender.slice(), validator: validator.slice(), body: body.slice(0, chunkPrefixBytes) };
  const short = { ...rest, ...copies };
  return { ...input, packet: short } as CoreInput;
}

/** A packet on its way through verification, keeping its place in its link's order. */
interface Arrival {
  input: CoreInput | undefined;
  isReady: boolean;
  /** The neighbour that it came from, when it is the neighbour's own word to the room (rule S9). */
  own?: NodeId | undefined;
}

/** What came on a link and was not looked at yet: bytes of a packet (`undefined`: of none), or the link's end. */
type Unread = { readonly node: NodeId; readonly bytes: Uint8Array | undefined } | 'end';

/** Whether a packet is something that its sender says to everybody, as often as it likes. Files have a pace of their own. */
function isSaid(packet: Packet): boolean {
  const { type } = packet.header;
  return packetTypes[type].scope === 'room' && type !== 'chunk';
}

export class Peer {
  readonly stream: Stream;
  readonly packetFactory: PacketFactory;
  readonly userInterface: UserInterface;
  readonly #core: PeerCore;
  readonly #ports: PeerPorts;
  readonly #totals = { packetsIn: 0, packetsOut: 0, bytesIn: 0, bytesOut: 0 };
  readonly #inputs: CoreInput[] = [];
  /** Packets being verified, a queue for each link; 0 stands for the root link. */
  readonly #arrivals = new Map<LinkId, Arrival[]>();
  /** Packets that wait for those before them on their link to be verified, or for their turn (rule S9). */
  readonly #unread = new Map<LinkId, Unread[]>();
  readonly #reading: Reading;
  readonly #attestations: Attestations;
  readonly #relayed: Relayed;
  /** Links of which no more is read before a time, ms (rule S9). */
  readonly #heldBack = new Map<LinkId, number>();
  readonly #sealed = new WeakMap<Packet, Packet | Promise<Packet>>();
  #sealQueue: Promise<void> | undefined;
  #rootOut: Promise<void> | undefined;
  #root: RootLink | undefined;
  #isRunning = false;
  readonly #options: PeerOptions;
  readonly #journal: JournalEntry[] = [];
  /** The numbers that the core drew, for the journal. */
  readonly #random: number[] = [];
  #isCut = false;

  constructor(ports: PeerPorts, options: PeerOptions) {
    this.#ports = ports;
    this.userInterface = ports.userInterface;
    const origin = { publicKey: ports.signer.publicKey, id: ports.signer.id };
    this.#options = options;
    this.#core = new PeerCore(origin, { uint32: () => this.#draw() }, options);
    this.#reading = new Reading(options);
    this.#attestations = new Attestations(ports.verifier, options.room);
    this.#relayed = new Relayed(options, (origin) => this.#core.knows(origin));
    this.packetFactory = this.#core.factory;
    this.stream = new Stream(options.clientsMax, (packet, node, bytes) => {
      this.#seen('out', packet, node, bytes);
    });
  }

  get id(): NodeId {
    return this.#ports.signer.id;
  }

  /** The last inputs of the core with their times, for a replay. */
  journal(): Journal {
    const { publicKey, id } = this.#ports.signer;
    return {
      publicKey,
      id,
      options: this.#options,
      random: this.#random,
      isCut: this.#isCut,
      inputs: this.#journal,
    };
  }

  #draw(): number {
    const number = this.#ports.rng.uint32();
    if (this.#random.length < journalNumbersMax) this.#random.push(number);
    return number;
  }

  view(): PeerView {
    return this.#core.view();
  }

  counters(): PeerTotals {
    return { ...this.#core.counters(), ...this.#totals };
  }

  /** Connects to the root; all else follows from there. */
  start(): void {
    this.#root ??= this.#ports.connectRoot({
      up: () => {
        this.#input({ kind: 'rootUp' });
      },
      down: () => {
        this.#arrivals.delete(0);
        this.#input({ kind: 'rootDown' });
      },
      packet: (bytes) => {
        this.#rootBytes(bytes);
      },
    });
  }

  /** Takes messages for sending; they come back by `deliver` once signed and in the log. */
  send(messages: readonly Message[], timeMs: number): 'accepted' | 'busy' | 'left' {
    if (this.#core.hasLeft) return 'left';
    if (this.#core.busy) return 'busy';
    this.#input({ kind: 'send', messages, timeMs });
    return 'accepted';
  }

  setPresence(presence: PresenceBody, timeMs: number): void {
    this.#input({ kind: 'presence', presence, timeMs });
  }

  /** The user types something, or stopped; others hear of it at most every 2 s (rule T6). */
  setTyping(active: boolean, channel: string, timeMs: number): void {
    this.#input({ kind: 'typing', active, channel, timeMs });
  }

  /** The owner rules; it comes back as an `order` output once signed. */
  order(order: OrderBody, version: number, timeMs: number): void {
    this.#input({ kind: 'order', order, version, timeMs });
  }

  setOffer(clientsMax: number, role: PeerRole, hidden: boolean): void {
    this.stream.nClient = clientsMax;
    this.#input({ kind: 'offer', clientsMax, role, hidden });
  }

  probe(probe: number): void {
    this.#input({ kind: 'probe', probe });
  }

  /** The answer to a `readChunk` output. */
  chunkRead(link: LinkId, file: FileKey, index: number, packet: VerifiedPacket<'chunk'> | undefined): void {
    this.#input({ kind: 'chunkRead', link, file, index, packet });
  }

  /** The file's bytes are kept no longer. */
  dropFile(file: FileKey): void {
    this.#input({ kind: 'dropFile', file });
  }

  /** Timers may have slept: look at everything now. */
  resume(): void {
    this.run();
  }

  /** Says LEAVE and closes every link, but stays what it is: `start` brings it back with nothing lost. */
  pause(): void {
    this.#input({ kind: 'leave', pause: true });
    this.#closeRoot();
  }

  /** Says LEAVE to the neighbours and the root, and ends. */
  leave(): void {
    this.#input({ kind: 'leave', pause: false });
    this.#closeRoot();
  }

  #closeRoot(): void {
    const root = this.#root;
    this.#root = undefined;
    // What was handed over before, the LEAVE itself, goes first.
    void (this.#rootOut ?? Promise.resolve()).then(() => {
      root?.close();
    });
    this.#input({ kind: 'rootDown' });
  }

  /** One turn of the loop: read the in-buffers, handle packets, let time pass, carry out what comes of it. */
  run(): void {
    this.#input({ kind: 'timer' });
  }

  #input(input: CoreInput): void {
    this.#inputs.push(input);
    this.#turn();
  }

  #turn(): void {
    // Carrying out outputs may bring new inputs at once; they wait for the next round of this loop.
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      this.handlePackets();
      for (let input = this.#inputs.shift(); input; input = this.#inputs.shift()) {
        const nowMs = this.#ports.clock.nowMs();
        this.#record({ nowMs, input });
        this.#core.handle(input, nowMs);
        for (let output = this.#core.poll(); output; output = this.#core.poll()) this.#carryOut(output);
        this.handlePackets();
      }
      this.stream.flush();
    } finally {
      this.#isRunning = false;
    }
    const dueMs = Math.min(this.#core.nextTimeoutMs() ?? Infinity, ...this.#heldBack.values());
    if (dueMs < Infinity) this.#ports.wakeAt(dueMs);
  }

  #record(entry: JournalEntry): void {
    this.#journal.push({ nowMs: entry.nowMs, input: withoutChunk(entry.input) });
    if (this.#journal.length <= journalInputsMax * 1.25) return;
    this.#journal.splice(0, journalInputsMax / 4);
    this.#isCut = true;
  }

  // Bytes in: parse, verify concurrently, hand over in the order of the link (rule S2).

  /** Parses and verifies what the in-buffers hold, and hands the core what is ready. */
  handlePackets(): void {
    for (const { link, node, packets } of this.stream.readInBuff()) {
      const unread = this.#unread.get(link) ?? [];
      for (const bytes of packets) unread.push({ node, bytes });
      this.#unread.set(link, unread);
    }
    for (const link of [...this.#heldBack.keys()]) this.#release(link);
    for (const link of [...this.#unread.keys()]) this.#read(link);
  }

  /** Reads on, no further than what can be in verification at once. */
  #read(link: LinkId): void {
    const unread = this.#unread.get(link) ?? [];
    let count = 0;
    for (const next of unread) {
      if ((this.#arrivals.get(link)?.length ?? 0) >= unverifiedMax) break;
      count++;
      if (next === 'end') this.#down(link);
      else this.#arrived(link, next.node, next.bytes);
    }
    if (count === unread.length) this.#unread.delete(link);
    else if (this.#heldBack.has(link) && unread.length - count > waitingPacketsMax) this.#endFlood(link);
    else unread.splice(0, count);
  }

  #down(link: LinkId): void {
    const arrivals = this.#arrivals.get(link);
    if (arrivals) arrivals.push({ input: { kind: 'linkDown', link }, isReady: true });
    else this.#inputs.push({ kind: 'linkDown', link });
  }

  #arrived(link: LinkId, node: NodeId, bytes: Uint8Array | undefined): void {
    const parsed = bytes && this.packetFactory.parseBuf(bytes);
    if (bytes) this.#count('in', bytes.length);
    if (!bytes || !parsed?.ok) {
      const isUnknown = parsed?.ok === false && ['version', 'type', 'action', 'flags'].includes(parsed.error);
      this.#queue(link, { kind: 'badPacket', link, blame: !isUnknown });
      return;
    }
    const { packet } = parsed;
    this.#seen('in', packet, node, bytes.length, false);
    if (packetTypes[packet.header.type].scope === 'root') {
      this.#queue(link, { kind: 'badPacket', link, blame: true });
      return;
    }
    const isSpoken = isSaid(packet);
    if (isSpoken && this.#relayed.isBeyond(node, packet, this.#ports.clock.nowMs())) {
      this.#queue(link, { kind: 'badPacket', link, blame: false });
      return;
    }
    this.#verify(
      link,
      packet,
      (verified, attested) => {
        if (verified === undefined || verified.senderId === noNode) return { kind: 'badPacket', link, blame: true };
        const isTaken = !isSpoken || this.#relayed.take(node, verified, this.#ports.clock.nowMs());
        return isTaken
          ? { kind: 'packet', link, packet: verified, attested }
          : { kind: 'badPacket', link, blame: false };
      },
      isSpoken ? node : undefined,
    );
  }

  #rootBytes(bytes: Uint8Array): void {
    this.#count('in', bytes.length);
    const parsed = this.packetFactory.parseBuf(bytes);
    if (!parsed.ok) return;
    const { packet } = parsed;
    this.#seen('in', packet, 'root', bytes.length, false);
    if (packet.header.type === 'registration' && packet.action === 'update') {
      // Nothing for the core: which way a link's bytes take is the shell's business, and credentials stay out of the journal.
      const servers = iceBody.decode(packet.body)?.servers;
      if (servers) this.#ports.links.useIceServers?.(servers);
      return;
    }
    if (packet.header.type === 'registration' && packet.action === 'response')
      this.#attestations.registered(packet.body);
    const { scope } = packetTypes[packet.header.type];
    if (scope !== 'root' && scope !== 'both' && scope !== 'all') return;
    this.#verify(0, packet, (verified, attested) => {
      if (verified === undefined) return undefined;
      // Signals and orders are somebody's whom the root only hands on; all else is its own word.
      const isHandedOn = packet.header.type === 'signal' || packet.header.type === 'order';
      if (isHandedOn === (verified.senderId === noNode)) return undefined;
      return { kind: 'rootPacket', packet: verified, attested };
    });
    this.#turn();
  }

  #verify(
    link: LinkId,
    packet: Packet,
    toInput: (verified: VerifiedPacket | undefined, attested: boolean) => CoreInput | undefined,
    node?: NodeId,
  ): void {
    const verified = this.#ports.verifier.verify(packet);
    const attested = this.#attestations.check(packet);
    if (!(verified instanceof Promise) && !(attested instanceof Promise)) {
      this.#queue(link, toInput(verified, attested), verified?.senderId === node ? node : undefined);
      return;
    }
    const arrival: Arrival = { input: undefined, isReady: false };
    this.#arrivalsOf(link).push(arrival);
    void Promise.all([verified, attested]).then(([result, isAttested]) => {
      arrival.input = toInput(result, isAttested);
      arrival.own = result?.senderId === node ? node : undefined;
      arrival.isReady = true;
      this.#release(link);
      this.#turn();
    });
  }

  #queue(link: LinkId, input: CoreInput | undefined, own?: NodeId): void {
    this.#arrivalsOf(link).push({ input, isReady: true, own });
    this.#release(link);
  }

  #arrivalsOf(link: LinkId): Arrival[] {
    let arrivals = this.#arrivals.get(link);
    if (arrivals === undefined) this.#arrivals.set(link, (arrivals = []));
    return arrivals;
  }

  #release(link: LinkId): void {
    const arrivals = this.#arrivals.get(link);
    if (arrivals === undefined) return;
    const nowMs = this.#ports.clock.nowMs();
    if (nowMs < (this.#heldBack.get(link) ?? -Infinity)) return;
    this.#heldBack.delete(link);
    let count = 0;
    for (const arrival of arrivals) {
      if (!arrival.isReady) break;
      const answer = arrival.own === undefined || this.#reading.take(arrival.own, nowMs);
      if (answer !== true) {
        // What comes behind it waits, too: the order of a link holds (rule S2).
        this.#heldBack.set(link, answer);
        break;
      }
      count++;
      if (arrival.input) this.#inputs.push(arrival.input);
    }
    arrivals.splice(0, count);
    if (arrivals.length === 0) this.#arrivals.delete(link);
  }

  /** More waits than a neighbour that keeps its rate can have to say. */
  #endFlood(link: LinkId): void {
    this.#forgetArrivals(link);
    this.stream.closeLink(link);
    this.#inputs.push({ kind: 'linkDown', link });
  }

  #forgetArrivals(link: LinkId): void {
    this.#arrivals.delete(link);
    this.#unread.delete(link);
    this.#heldBack.delete(link);
  }

  // Outputs.

  #carryOut(output: CoreOutput): void {
    switch (output.kind) {
      case 'openLink':
        this.#openLink(output.link, output.remote, output.initiator);
        break;
      case 'closeLink':
        this.stream.closeLink(output.link);
        this.#forgetArrivals(output.link);
        break;
      case 'signalLink':
        this.stream.linkOf(output.link)?.signal(output.data);
        break;
      case 'send':
        this.stream.sendMessage(output.link, this.#seal(output.packet));
        break;
      case 'sendRoot':
        this.#sendRoot(output.packet);
        break;
      case 'seal':
        this.#sealOwn(output.packet);
        break;
      case 'tree':
        this.stream.setRoles(this.#core.linkViews());
        this.userInterface.output(output);
        break;
      default:
        this.userInterface.output(output);
    }
  }

  #openLink(id: LinkId, remote: NodeId, initiator: boolean): void {
    const events: LinkEvents = {
      up: (binding) => {
        this.#input({ kind: 'linkUp', link: id, binding });
      },
      down: () => {
        // What arrived before the end is read first.
        this.handlePackets();
        const unread = this.#unread.get(id);
        if (unread) unread.push('end');
        else this.#down(id);
        this.#turn();
      },
      signal: (data) => {
        this.#input({ kind: 'linkSignal', link: id, data });
      },
      frame: (frame) => {
        this.stream.push(id, frame);
        this.#turn();
      },
      drained: (bytes) => {
        this.#input({ kind: 'linkDrained', link: id, bytes });
      },
    };
    this.stream.addLink(id, remote, !initiator, this.#ports.links.open(remote, initiator, events));
  }

  /** The packet sealed, or a promise of it. The same packet to several neighbours is sealed once. */
  #seal(packet: Packet): Packet | Promise<Packet> {
    if (packet.bytes !== undefined || !packetTypes[packet.header.type].signed) return packet;
    let sealed = this.#sealed.get(packet);
    if (sealed === undefined) this.#sealed.set(packet, (sealed = this.#ports.signer.seal(packet)));
    return sealed;
  }

  /** Seals a packet of this peer's own stream and gives it back to the core, in the order it was asked for. */
  #sealOwn(packet: Packet): void {
    const { plainText = packet.body } = packet;
    const done = (sealed: Packet): void => {
      this.#input({ kind: 'sealed', packet: { ...sealed, plainText, senderId: this.id } });
    };
    const sealed = this.#ports.signer.seal(packet);
    if (!(sealed instanceof Promise) && this.#sealQueue === undefined) {
      done(sealed);
      return;
    }
    const queue: Promise<void> = (this.#sealQueue ?? Promise.resolve()).then(async () => {
      done(await sealed);
      if (this.#sealQueue === queue) this.#sealQueue = undefined;
    });
    this.#sealQueue = queue;
  }

  #sendRoot(packet: Packet): void {
    const sealed = this.#seal(packet);
    if (!(sealed instanceof Promise) && this.#rootOut === undefined) {
      this.#toRoot(sealed);
      return;
    }
    const root = this.#root;
    const queue: Promise<void> = (this.#rootOut ?? Promise.resolve()).then(async () => {
      const ready = await sealed;
      if (root === this.#root || this.#root === undefined) this.#toRoot(ready, root);
      if (this.#rootOut === queue) this.#rootOut = undefined;
    });
    this.#rootOut = queue;
  }

  #toRoot(packet: Packet, root = this.#root): void {
    const bytes = encodePacket(packet);
    this.#seen('out', packet, 'root', bytes.length);
    root?.send(bytes);
  }

  // Counting.

  #count(direction: 'in' | 'out', bytes: number): void {
    if (direction === 'in') {
      this.#totals.packetsIn++;
      this.#totals.bytesIn += bytes;
    } else {
      this.#totals.packetsOut++;
      this.#totals.bytesOut += bytes;
    }
  }

  #seen(direction: 'in' | 'out', packet: Packet, peer: NodeId | 'root', bytes: number, counted = true): void {
    if (counted) this.#count(direction, bytes);
    this.userInterface.packet?.({ direction, packet, peer, bytes });
  }
}
