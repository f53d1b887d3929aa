/** What `mesh` asks of each library: join a room of known size, tell when everybody is there, broadcast. */

export const libraries = ['banyan', 'trystero', 'peerjs'] as const;
export type Library = (typeof libraries)[number];

export interface MeshPlan {
  /** 0 to `peers` - 1. */
  readonly index: number;
  readonly peers: number;
  readonly room: string;
  /** Where the library's signaling is: the root's room link, the relay, the PeerServer. */
  readonly signaling: string;
  /** When all pages begin, ms since 1970. */
  readonly startAtMs: number;
}

export interface MeshEvents {
  /** How many others this peer can reach now. Joined is when it is `peers` - 1. */
  reached(others: number): void;
  payload(bytes: Uint8Array): void;
  /** A further moment worth a line in the report, once a name. */
  mark(name: string): void;
}

export interface MeshPeer {
  broadcast(payload: Uint8Array<ArrayBuffer>): void;
  /** Counters of the library's own, for the report. */
  facts(): Readonly<Record<string, number>>;
}

export type MeshJoin = (plan: MeshPlan, events: MeshEvents) => Promise<MeshPeer>;
