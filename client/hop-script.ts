/** One peer between two neighbours, with real keys on all three and its ports in the test's hands. For tests only. */
import { defaultOptions } from '../protocol/core/peer-script.ts';
import { Peer, type UserOutput } from '../protocol/peer.ts';
import type { LinkEvents, RootLinkEvents } from '../protocol/ports.ts';
import { noNode, noTicket, type NodeId, type TicketId } from '../protocol/types.ts';
import { decodeFrame } from '../protocol/wire/frame.ts';
import { framesOf } from '../protocol/wire/samples.ts';
import { decodePacket, encodePacket, type Packet } from '../protocol/wire/packet.ts';
import { PacketFactory } from '../protocol/wire/packet-factory.ts';
import type { ScriptMember } from './member-script.ts';
import type { Sealer } from './seal.ts';

const root = new PacketFactory({ publicKey: new Uint8Array(32), id: noNode });
const binding = new Uint8Array(32).fill(5);

/** Polls until something holds, letting others work meanwhile. */
async function until(holds: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

interface LinkAtWork {
  readonly remote: NodeId;
  readonly events: LinkEvents;
  readonly frames: Uint8Array[];
  isClosed: boolean;
}

/** The head of a room, with two clients that said a true hello. */
export class Hop {
  readonly peer: Peer;
  readonly outputs: UserOutput[] = [];
  readonly #links: LinkAtWork[] = [];
  #rootEvents: RootLinkEvents | undefined;

  private constructor(sealer: Sealer) {
    this.peer = new Peer(
      {
        clock: { nowMs: () => 1_000 },
        rng: { uint32: () => 7 },
        signer: sealer,
        verifier: sealer,
        links: {
          open: (remote, _initiator, events) => {
            const link: LinkAtWork = { remote, events, frames: [], isClosed: false };
            this.#links.push(link);
            return {
              send: (frame) => link.frames.push(frame),
              signal: () => undefined,
              close: () => {
                link.isClosed = true;
              },
            };
          },
        },
        connectRoot: (events) => {
          this.#rootEvents = events;
          return { send: () => undefined, close: () => undefined };
        },
        userInterface: { output: (output) => this.outputs.push(output) },
        wakeAt: () => undefined,
      },
      defaultOptions,
    );
  }

  static async between(sealer: Sealer, neighbours: readonly ScriptMember[]): Promise<Hop> {
    const hop = new Hop(sealer);
    hop.peer.start();
    hop.#rootEvents?.up();
    hop.#fromRoot(root.newChallenge({ challenge: new Uint8Array(32), epoch: 1, rootTimeMs: 2 }));
    hop.#fromRoot(
      root.newRegRes({ epoch: 1, rootTimeMs: 2, roomSize: 1, headDenied: false, rootKey: new Uint8Array(32).fill(6) }),
    );
    const timing = { placementVersion: 0, expiresInMs: 1, retryAfterMs: 1 };
    const place = { purpose: 'parent', result: 'head', target: noNode, ticket: noTicket, ...timing } as const;
    hop.#fromRoot(root.newAssignment(place, 'response'));
    for (const [i, neighbour] of neighbours.entries()) await hop.#take(neighbour, String(i + 1));
    return hop;
  }

  async #take({ sealer, factory }: ScriptMember, digit: string): Promise<void> {
    const ticket = digit.repeat(32) as TicketId;
    const { attachEpoch: placementVersion } = this.peer.view();
    const { id: client } = sealer;
    this.#fromRoot(
      root.newExpect({ purpose: 'parent', client, ticket, placementVersion, expiresInMs: 9_000, excess: 0 }),
    );
    const signal = await sealer.seal(factory.newSignal({ to: this.peer.id, ticket, data: Uint8Array.of(1) }));
    this.#fromRoot(signal);
    await until(() => this.#links.some(({ remote }) => remote === client), 'a link');
    this.#linkOf(client).events.up(binding);
    const hello = { ticket, role: 'parent', binding, frontierDigest: 0, attachEpoch: 1, newcomer: false } as const;
    this.give(client, encodePacket(await sealer.seal(factory.newHello(hello, 'request'))));
    await until(() => this.peer.view().clients.includes(client), 'a client');
  }

  #fromRoot(packet: Packet): void {
    this.#rootEvents?.packet(encodePacket(packet));
  }

  #linkOf(neighbour: NodeId): LinkAtWork {
    const link = this.#links.find(({ remote }) => remote === neighbour);
    if (link === undefined) throw new Error('no such link');
    return link;
  }

  /** Bytes of packets arrive from a neighbour, in one frame each. */
  give(neighbour: NodeId, ...packets: readonly Uint8Array[]): void {
    for (const packet of packets) for (const frame of framesOf([packet])) this.giveFrame(neighbour, frame);
  }

  giveFrame(neighbour: NodeId, frame: Uint8Array): void {
    this.#linkOf(neighbour).events.frame(frame);
  }

  isClosed(neighbour: NodeId): boolean {
    return this.#linkOf(neighbour).isClosed;
  }

  /** What a neighbour was sent, decoded. */
  sentTo(neighbour: NodeId): Packet[] {
    return this.#linkOf(neighbour).frames.flatMap((frame) =>
      (decodeFrame(frame) ?? []).flatMap((bytes) => {
        const decoded = decodePacket(bytes);
        return decoded.ok ? [decoded.packet] : [];
      }),
    );
  }

  /** Message packets that were delivered. */
  get delivered(): Extract<UserOutput, { kind: 'deliver' }>[] {
    return this.outputs.filter((output) => output.kind === 'deliver');
  }

  settled(holds: (hop: this) => boolean, what: string): Promise<void> {
    return until(() => holds(this), what);
  }
}
