/** Everything that is drawn before a run starts. A seed gives the same options each time. */
import type { Mutation } from '../core/io.ts';

/** Faults and user actions that the workload draws from, with how many of each a minute happen in the whole room. */
export interface FaultRates {
  /** A new peer. */
  readonly join: number;
  /** A peer says LEAVE. */
  readonly leave: number;
  /** A peer vanishes and its neighbours see their channels close. */
  readonly crashClean: number;
  /** A peer vanishes and nobody is told. */
  readonly crashSilent: number;
  /** A link closes at both ends. */
  readonly linkClean: number;
  /** Both directions vanish, no event. */
  readonly linkSilent: number;
  /** One direction vanishes, no event. */
  readonly linkOneWay: number;
  /** One end is closed and the other is not told. */
  readonly linkHalfOpen: number;
  /** One direction swallows message packets and lets the small ones pass, as a path with too small an MTU does. */
  readonly linkSwallow: number;
  /** Nothing is handled for a while; inputs queue up. */
  readonly freeze: number;
  /** A page is hidden for good or for a while: says LEAVE, sleeps, and comes back as the same peer. */
  readonly pause: number;
  /** Two sets of peers cannot exchange anything for a while. */
  readonly partition: number;
  /** The root crashes and comes back with nothing in its memory. */
  readonly rootRestart: number;
  /** A second peer with the key of a living one. */
  readonly duplicate: number;
  /** A peer offers another capacity, role or visibility. */
  readonly offer: number;
}

export type FaultKind = keyof FaultRates;

export const noFaults: FaultRates = {
  join: 0,
  leave: 0,
  crashClean: 0,
  crashSilent: 0,
  linkClean: 0,
  linkSilent: 0,
  linkOneWay: 0,
  linkHalfOpen: 0,
  linkSwallow: 0,
  freeze: 0,
  pause: 0,
  partition: 0,
  rootRestart: 0,
  duplicate: 0,
  offer: 0,
};

/** A range that values are drawn from. */
export type Range = readonly [low: number, high: number];

export interface SimOptions {
  readonly scenario: string;
  readonly seed: number;
  /** Peers that join at the start; also about how many live at any time. */
  readonly peers: number;
  readonly k: number;
  /** The first joins spread over this long, ms. */
  readonly joinSpreadMs: number;
  /** Length of the phase with faults, from the start, ms. */
  readonly faultsMs: number;
  /** When faults may begin, ms: the room needs something to break first. */
  readonly faultsFromMs: number;
  /** How long after the faults stopped everything must be well again, ms. */
  readonly convergeWithinMs: number;

  /** One way, between two peers, ms. */
  readonly latencyMs: Range;
  /** One way, between a peer and the root, ms. */
  readonly rootLatencyMs: Range;
  /** Added to each packet's latency, ms; order is kept. */
  readonly jitterMs: number;
  /** Bytes a second of a link in each direction; `Infinity` for as many as are sent. */
  readonly bandwidth: Range;
  /** Share of peers whose incoming links are slow, and how slow, bytes a second. */
  readonly slowShare: number;
  readonly slowBandwidth: Range;
  /** Share of pairs that can never connect. */
  readonly unreachableShare: number;
  /** Chance that a message packet is dropped on a link that lives on. */
  readonly frameLossChance: number;
  /** Chance that the far end is not told when an end closes. */
  readonly closeLostChance: number;
  /** Largest clock skew, ms, and drift, as a share. */
  readonly clockSkewMs: number;
  readonly clockDrift: number;

  /** Shares of the peers that would rather be leaves, serve nobody (phones), are hidden, or draw their own k. */
  readonly leafShare: number;
  readonly phoneShare: number;
  readonly hiddenShare: number;
  readonly mixedShare: number;
  /** Share of newcomers that want what was said before. */
  readonly historyShare: number;
  /** Share of peers that announce a presence. */
  readonly presenceShare: number;

  readonly reunionPeriodMs: number;
  readonly logPacketsMax: number;
  readonly logBytesMax: number;

  /** Peers that talk, and how often each does, messages a second. */
  readonly talkers: number;
  readonly talkPerSecond: number;
  /** Chance that a talker says a burst instead of one message, and how many that may be. */
  readonly burstChance: number;
  readonly burstMax: number;
  /** Sizes of bodies, bytes, and the chance of a large one. */
  readonly bodyBytes: Range;
  readonly largeBodyChance: number;
  readonly largeBodyBytes: Range;

  /** Files that are sent in all, how many chunks they have and how large those are, and the chance that one is taken back. */
  readonly files: number;
  readonly fileChunks: Range;
  readonly chunkBytes: Range;
  readonly takeBackChance: number;

  /** How many of each a minute in the whole room. */
  readonly faults: FaultRates;
  /** Length of a freeze, a partition and an outage of the root, ms. */
  readonly freezeMs: Range;
  readonly partitionMs: Range;
  readonly outageMs: Range;

  /** Share of the peers that are hostile, at least one unless it is 0; and whether they act together to cut others off. */
  readonly hostileShare: number;
  readonly colluding: boolean;

  readonly balance: boolean;
  readonly disabled: ReadonlySet<Mutation>;
}

/** What a caller may fix instead of leaving it to the seed. */
export interface Overrides {
  readonly k?: number | undefined;
  readonly disabled?: ReadonlySet<Mutation> | undefined;
  /** Lines of readable trace to keep. */
  readonly traceLines?: number | undefined;
}
