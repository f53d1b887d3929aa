/**
 * A peer: the pure core, its links and its crypto, and one turn of the loop that ties them together. It has no timer and
 * no socket of its own; everything comes in by ports. What stands between links and core is in peer/.
 *
 * bytes -> link -> Stream (in-buffers) -> peer/link-intake (may it?) -> peer/verification -> core
 * core -> outputs -> peer/sealing -> Stream -> link
 */
import { PeerCore } from './core/peer-core.ts';
import type { CoreInput, CoreOutput, PeerCounters, PeerOptions, PeerView } from './core/io.ts';
import type { Journal } from './journal.ts';
import { Attestations } from './peer/attestations.ts';
import type { Inbox } from './peer/inbox.ts';
import { LinkIntake } from './peer/link-intake.ts';
import { Reading } from './peer/reading.ts';
import { Recorder } from './peer/recorder.ts';
import { Relayed } from './peer/relayed.ts';
import { RootStream } from './peer/root-stream.ts';
import { Sealing } from './peer/sealing.ts';
import { Traffic, type TrafficTotals, type TrafficWatcher } from './peer/traffic.ts';
import { Verification } from './peer/verification.ts';
import type { Clock, LinkEvents, LinkMaker, Rng, RootLink, RootLinkEvents, Signer, Verifier } from './ports.ts';
import { Stream } from './stream.ts';
import type { FileKey, LinkId, NodeId, PeerRole } from './types.ts';
import type { Message, PresenceBody } from './wire/bodies.ts';
import type { OrderBody } from './wire/bodies/order.ts';
import type { Packet, VerifiedPacket } from './wire/packet.ts';
import type { PacketFactory } from './wire/packet-factory.ts';

export type { PacketSeen } from './peer/traffic.ts';

export type UserOutput = Extract<
  CoreOutput,
  {
    kind:
      | 'deliver'
      | 'caughtUp'
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

/** Where a peer's news goes, and every packet that crosses a link or the root link. */
export interface UserInterface extends TrafficWatcher {
  output(output: UserOutput): void;
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
export type PeerTotals = PeerCounters & TrafficTotals;

export class Peer {
  readonly stream: Stream;
  readonly packetFactory: PacketFactory;
  readonly userInterface: UserInterface;
  readonly #ports: PeerPorts;
  readonly #core: PeerCore;
  readonly #recorder: Recorder;
  readonly #traffic: Traffic;
  readonly #verification: Verification;
  readonly #intake: LinkIntake;
  readonly #sealing: Sealing;
  readonly #root: RootStream;
  /** What the core is to be given next. */
  readonly #inputs: CoreInput[] = [];
  #isRunning = false;

  constructor(ports: PeerPorts, options: PeerOptions) {
    const { clock, signer, verifier } = ports;
    this.#ports = ports;
    this.userInterface = ports.userInterface;
    const origin = { publicKey: signer.publicKey, id: signer.id };
    this.#recorder = new Recorder(origin, options);
    this.#core = new PeerCore(origin, this.#recorder.recorded(ports.rng), options);
    this.packetFactory = this.#core.factory;
    const inbox: Inbox = {
      push: (input) => {
        this.#inputs.push(input);
      },
      turn: () => {
        this.#turn();
      },
    };
    const traffic = new Traffic(this.packetFactory, ports.userInterface);
    this.#traffic = traffic;
    const stream = new Stream(options.clientsMax, (packet, node, bytes) => {
      traffic.sent(packet, node, bytes);
    });
    this.stream = stream;
    const attestations = new Attestations(verifier, options.room, signer.id);
    const verification = new Verification(clock, verifier, attestations, new Reading(options), inbox);
    this.#verification = verification;
    const relayed = new Relayed(options, (node) => this.#core.knows(node));
    this.#intake = new LinkIntake({ clock, stream, traffic, relayed, verification, inbox });
    this.#root = new RootStream({ ports, traffic, attestations, verification, inbox });
    this.#sealing = new Sealing(signer);
  }

  get id(): NodeId {
    return this.#ports.signer.id;
  }

  /** The last inputs of the core with their times, for a replay. */
  journal(): Journal {
    return this.#recorder.journal();
  }

  view(): PeerView {
    return this.#core.view();
  }

  counters(): PeerTotals {
    return { ...this.#core.counters(), ...this.#traffic.totals };
  }

  /** Connects to the root; all else follows from there. */
  start(): void {
    this.#root.open();
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
    this.#root.close();
  }

  /** Says LEAVE to the neighbours and the root, and ends. */
  leave(): void {
    this.#input({ kind: 'leave', pause: false });
    this.#root.close();
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
        this.#recorder.record({ nowMs, input });
        this.#core.handle(input, nowMs);
        for (let output = this.#core.poll(); output; output = this.#core.poll()) this.#carryOut(output);
        this.handlePackets();
      }
      this.stream.flush();
    } finally {
      this.#isRunning = false;
    }
    const dueMs = Math.min(this.#core.nextTimeoutMs() ?? Infinity, this.#verification.dueMs());
    if (dueMs < Infinity) this.#ports.wakeAt(dueMs);
  }

  /** Parses and verifies what the in-buffers hold, and takes for the core what is ready. */
  handlePackets(): void {
    this.#intake.read();
  }

  // Outputs.

  #carryOut(output: CoreOutput): void {
    switch (output.kind) {
      case 'openLink':
        this.#openLink(output.link, output.remote, output.initiator);
        break;
      case 'closeLink':
        this.stream.closeLink(output.link);
        this.#intake.forget(output.link);
        break;
      case 'signalLink':
        this.stream.linkOf(output.link)?.signal(output.data);
        break;
      case 'send':
        this.stream.sendMessage(output.link, this.#sealing.seal(output.packet));
        break;
      case 'sendRoot':
        this.#root.send(this.#sealing.seal(output.packet));
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
        this.#intake.ended(id);
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

  /** Seals a packet of this peer's own stream and gives it back to the core. */
  #sealOwn(packet: Packet): void {
    const { plainText = packet.body } = packet;
    this.#sealing.sealOwn(packet, (sealed) => {
      this.#input({ kind: 'sealed', packet: { ...sealed, plainText, senderId: this.id } });
    });
  }
}
