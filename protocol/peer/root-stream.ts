/** A peer's connection to the root, as `Stream` is to its neighbours: what the root may say comes in, what is sealed goes out. */
import type { LinkMaker, RootLink, RootLinkEvents } from '../ports.ts';
import { noNode } from '../types.ts';
import { iceBody } from '../wire/bodies/ice.ts';
import { encodePacket, packetTypes, type Packet } from '../wire/packet.ts';
import type { Attestations } from './attestations.ts';
import { InOrder } from './in-order.ts';
import type { Inbox } from './inbox.ts';
import type { Traffic } from './traffic.ts';
import type { Verification } from './verification.ts';

/** The root link's number where links are told apart by numbers: no other has it. */
const rootLinkId = 0;

/** What the connection to the root works with. */
export interface RootStreamParts {
  readonly ports: { readonly links: LinkMaker; connectRoot(events: RootLinkEvents): RootLink };
  readonly traffic: Traffic;
  readonly attestations: Attestations;
  readonly verification: Verification;
  readonly inbox: Inbox;
}

export class RootStream {
  readonly #parts: RootStreamParts;
  readonly #out = new InOrder<Packet>();
  #link: RootLink | undefined;

  constructor(parts: RootStreamParts) {
    this.#parts = parts;
  }

  /** Connects, unless that was done already. */
  open(): void {
    const { ports, verification, inbox } = this.#parts;
    this.#link ??= ports.connectRoot({
      up: () => {
        inbox.push({ kind: 'rootUp' });
        inbox.turn();
      },
      down: () => {
        verification.forget(rootLinkId);
        inbox.push({ kind: 'rootDown' });
        inbox.turn();
      },
      packet: (bytes) => {
        this.#arrived(bytes);
      },
    });
  }

  /** Sends a packet once it is sealed, behind those before it; never on another connection than the one it was meant for. */
  send(packet: Packet | Promise<Packet>): void {
    const link = this.#link;
    this.#out.add(packet, (sealed) => {
      if (this.#link !== link && this.#link !== undefined) return;
      const bytes = encodePacket(sealed);
      this.#parts.traffic.sent(sealed, 'root', bytes.length);
      link?.send(bytes);
    });
  }

  /** Ends the connection, after what was handed over before: the LEAVE itself. */
  close(): void {
    const link = this.#link;
    this.#link = undefined;
    void this.#out.done().then(() => {
      link?.close();
    });
    this.#parts.inbox.push({ kind: 'rootDown' });
    this.#parts.inbox.turn();
  }

  #arrived(bytes: Uint8Array): void {
    const { ports, traffic, attestations, verification, inbox } = this.#parts;
    const parsed = traffic.parse(bytes, 'root');
    if (!parsed.ok) return;
    const { packet } = parsed;
    const { type } = packet.header;
    if (type === 'registration' && packet.action === 'update') {
      // Nothing for the core: which way a link's bytes take is the shell's business, and credentials stay out of the journal.
      const servers = iceBody.decode(packet.body)?.servers;
      if (servers) ports.links.useIceServers?.(servers);
      return;
    }
    if (type === 'registration' && packet.action === 'response') attestations.registered(packet.body);
    const { scope } = packetTypes[type];
    if (scope !== 'root' && scope !== 'both' && scope !== 'all') return;
    verification.verify(rootLinkId, packet, (verified, attested) => {
      if (verified === undefined) return undefined;
      // Signals and orders are somebody's whom the root only hands on; all else is its own word.
      const isHandedOn = type === 'signal' || type === 'order';
      if (isHandedOn === (verified.senderId === noNode)) return undefined;
      return { kind: 'rootPacket', packet: verified, attested };
    });
    inbox.turn();
  }
}
