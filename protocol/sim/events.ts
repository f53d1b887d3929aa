/** What waits in the event queue: a kind, and what its two values are. */

/** Kinds of events. `a` and `b` are given behind each. */
export const eventKinds = {
  /** LinkEnd that receives, Packet. */
  packet: 0,
  /** SimPeer. */
  timer: 1,
  /** RootSocket, Packet: from the root to the peer. */
  toPeer: 2,
  /** RootSocket, Packet: from the peer to the root. */
  toRoot: 3,
  /** Generation of the root. */
  rootTimer: 4,
  /** LinkEnd. */
  linkUp: 5,
  /** LinkEnd. */
  linkDown: 6,
  /** LinkEnd, signal's bytes: made here for the far end. */
  signal: 7,
  /** LinkEnd: bytes have left its buffer. */
  drain: 8,
  /** SimPeer, sealed Packet. */
  sealed: 9,
  /** () => void. */
  action: 10,
  /** LinkEnd of the initiator: the handshake may be over. */
  open: 11,
  /** RootSocket: arrives at the root. */
  socketOpen: 12,
  /** RootSocket: the peer learns that it is up. */
  socketUp: 13,
  /** RootSocket: the peer learns that it is down. */
  socketDown: 14,
  /** RootSocket: the root learns that it is closed. */
  socketClosed: 15,
} as const;
