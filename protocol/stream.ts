/** A peer's links as the shell holds them: who is at the other end, what came in, what waits to go out. */
import { packetBytesMax } from './limits.ts';
import type { Link } from './ports.ts';
import type { LinkId, LinkRole, NodeId } from './types.ts';
import { decodeFrame, encodeFrames } from './wire/frame.ts';
import { packetSize, type Packet } from './wire/packet.ts';

/** What came in on a link and was not read yet: packets, and one `undefined` for each thing that was none. */
export interface InBuffer {
  readonly link: LinkId;
  readonly node: NodeId;
  readonly packets: (Uint8Array | undefined)[];
}

interface StreamLink {
  readonly id: LinkId;
  readonly node: NodeId;
  /** Whether the other end made the offer. */
  readonly server: boolean;
  readonly link: Link;
  role: LinkRole | undefined;
  in: InBuffer;
  /** Packets to send, in order; a promise while it is being signed. */
  out: (Packet | Promise<Packet>)[];
  isWaiting: boolean;
}

/**
 * The links of one peer. `parent` and `clients` are the tree links; in between a link is being made or is a backup.
 */
export class Stream {
  readonly #links = new Map<LinkId, StreamLink>();
  readonly #clients = new Map<NodeId, LinkId>();
  readonly #onSent: (packet: Packet, node: NodeId, bytes: number) => void;
  parent: NodeId | undefined;
  /** Clients served at most (k). */
  nClient: number;

  constructor(nClient: number, onSent: (packet: Packet, node: NodeId, bytes: number) => void) {
    this.nClient = nClient;
    this.#onSent = onSent;
  }

  /** A connection was begun. `server`: this end accepts. */
  addLink(id: LinkId, node: NodeId, server: boolean, link: Link): void {
    const empty = { link: id, node, packets: [] };
    this.#links.set(id, { id, node, server, link, role: undefined, in: empty, out: [], isWaiting: false });
  }

  linkOf(id: LinkId): Link | undefined {
    return this.#links.get(id)?.link;
  }

  /** Links on which this end is the accepting side. */
  get server(): NodeId[] {
    return [...this.#links.values()].filter((link) => link.server).map((link) => link.node);
  }

  /** Client -> what it sent and was not read yet. */
  get clients(): ReadonlyMap<NodeId, InBuffer> {
    const buffers = new Map<NodeId, InBuffer>();
    for (const [node, id] of this.#clients) {
      const link = this.#links.get(id);
      if (link) buffers.set(node, link.in);
    }
    return buffers;
  }

  /** From now on the node at this link is a client. */
  addClient(node: NodeId, id: LinkId): void {
    this.#clients.set(node, id);
  }

  removeClient(node: NodeId): void {
    this.#clients.delete(node);
  }

  /** Makes roles what the core says they are. */
  setRoles(roles: readonly { readonly link: LinkId; readonly node: NodeId; readonly role: LinkRole }[]): void {
    this.parent = roles.find((link) => link.role === 'parent')?.node;
    const clients = new Map(roles.filter((link) => link.role === 'client').map((link) => [link.node, link.link]));
    for (const node of [...this.#clients.keys()]) if (!clients.has(node)) this.removeClient(node);
    for (const [node, id] of clients) this.addClient(node, id);
  }

  /** Bytes arrived. A frame that does not add up counts as one bad packet. */
  push(id: LinkId, frame: Uint8Array): void {
    const link = this.#links.get(id);
    if (link === undefined) return;
    const packets = decodeFrame(frame);
    if (packets === undefined) link.in.packets.push(undefined);
    else for (const packet of packets) link.in.packets.push(packet.length > packetBytesMax ? undefined : packet);
  }

  /** Takes everything that came in since the last call. */
  readInBuff(): InBuffer[] {
    const full: InBuffer[] = [];
    for (const link of this.#links.values()) {
      if (link.in.packets.length === 0) continue;
      full.push(link.in);
      link.in = { link: link.id, node: link.node, packets: [] };
    }
    return full;
  }

  /** Queues a packet; a promise holds its place in the order until it is signed. Goes out with `flush`. */
  sendMessage(id: LinkId, packet: Packet | Promise<Packet>): void {
    this.#links.get(id)?.out.push(packet);
  }

  /** Sends all that is ready, several packets to a frame. */
  flush(): void {
    for (const link of this.#links.values()) this.#flushLink(link);
  }

  #flushLink(link: StreamLink): void {
    if (link.isWaiting || link.out.length === 0) return;
    const ready: Packet[] = [];
    for (const packet of link.out) {
      if (packet instanceof Promise) {
        this.#wait(link, packet);
        break;
      }
      ready.push(packet);
      this.#onSent(packet, link.node, packetSize(packet));
    }
    link.out = link.out.slice(ready.length);
    for (const frame of encodeFrames(ready)) link.link.send(frame);
  }

  #wait(link: StreamLink, first: Promise<Packet>): void {
    link.isWaiting = true;
    void first.then((packet) => {
      link.isWaiting = false;
      link.out[0] = packet;
      if (this.#links.get(link.id) === link) this.#flushLink(link);
    });
  }

  /** Sends what is ready, then closes and forgets the link. */
  closeLink(id: LinkId): void {
    const link = this.#links.get(id);
    if (link === undefined) return;
    this.#flushLink(link);
    this.#links.delete(id);
    if (this.#clients.get(link.node) === id) this.removeClient(link.node);
    link.link.close();
  }
}
