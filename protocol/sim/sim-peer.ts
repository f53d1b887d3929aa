/** One simulated peer: its core, its clocks, its links and what the simulator remembers of it. Data; acts nowhere. */
import type { CoreInput, PeerOptions } from '../core/io.ts';
import { PeerCore } from '../core/peer-core.ts';
import { originBurst, originRatePerSecond } from '../limits.ts';
import type { OriginRate } from '../peer/reading.ts';
import {
  noDigest,
  type FileKey,
  type LinkId,
  type NodeId,
  type PacketDigest,
  type PeerRole,
  type PeerState,
} from '../types.ts';
import { toHex } from '../wire/bytes.ts';
import type { ShelvedFile } from './file-shelves.ts';
import type { LinkEnd } from './link-end.ts';
import type { SimOptions } from './options.ts';
import type { RootSocket } from './root-world.ts';
import type { SimRng } from './rng.ts';

/** The room of every run, and the origin of its pages. */
export const simRoom = 'ab'.repeat(32);
export const simOrigin = 'https://sim.test';

/** Wall clock at virtual time 0, ms since 1970. */
export const wallStartMs = 1_700_000_000_000;

/** Timers of a hidden page run once in so long, ms. */
export const hiddenTimerMs = 1_000;

/** How a peer's life ended. */
export type Ending = 'left' | 'crashed' | 'replaced' | 'refused';

export class SimPeer {
  readonly index: number;
  readonly publicKey: Uint8Array;
  readonly id: NodeId;
  readonly core: PeerCore;
  readonly joinedAtMs: number;
  readonly rootLatencyMs: number;
  /** Bytes a ms that this peer can take in on one link. */
  readonly inBytesPerMs: number;
  readonly history: boolean;
  clientsMax: number;
  /** The most clients it ever offered to serve. */
  mostClientsMax: number;
  role: PeerRole;
  hidden: boolean;

  alive = true;
  ending: Ending | undefined;
  state: PeerState = 'idle';
  /** When it was attached for the first time, ms; `Infinity` before. */
  attachedAtMs = Infinity;
  /** The root said that another peer with its key took its place. */
  replaced = false;
  frozen = false;
  /** When it last woke up, ms. */
  thawedAtMs = -Infinity;
  /** Frozen because its page went away after a LEAVE. */
  paused = false;
  /** Inputs that came while it was frozen. */
  inbox: CoreInput[] = [];
  readonly links = new Map<LinkId, LinkEnd>();
  readonly files = new Map<FileKey, ShelvedFile>();
  socket: RootSocket | undefined;
  reconnectMs = 0;
  /** The side of a partition that it is on. */
  side = 0;
  /** When the timer that is set fires; `Infinity` when none is. */
  timerAtMs = Infinity;
  timersFired = 0;
  /** Its place in the list of living peers. */
  liveAt = -1;
  /** Whether its view changed since a checker last looked. */
  dirty = false;
  said = 0;
  /** Of the last message packet it had sealed. */
  lastDigest: PacketDigest = noDigest;
  /** Per stream number: the last and the first position delivered, 0 for none; and how many were given up. */
  last = new Int32Array(8);
  first = new Int32Array(8);
  gapped = new Int32Array(8);

  readonly #clockOffsetMs: number;
  readonly #clockRate: number;
  readonly #wallSkewMs: number;

  constructor(
    index: number,
    nowMs: number,
    options: SimOptions,
    rng: SimRng,
    publicKey = rng.bytes(32),
    rate: OriginRate = { originRatePerSecond, originBurst },
  ) {
    this.index = index;
    this.joinedAtMs = nowMs;
    this.publicKey = publicKey;
    this.id = toHex(publicKey.subarray(0, 16)) as NodeId;
    this.rootLatencyMs = rng.between(...options.rootLatencyMs);
    const [low, high] = rng.chance(options.slowShare) && index > 0 ? options.slowBandwidth : options.bandwidth;
    this.inBytesPerMs = low === Infinity ? Infinity : rng.between(low, high) / 1000;
    this.history = rng.chance(options.historyShare);
    this.#clockOffsetMs = rng.between(1, 1e6);
    this.#clockRate = 1 + options.clockDrift * rng.between(-1, 1);
    this.#wallSkewMs = options.clockSkewMs * rng.between(-1, 1);
    ({ clientsMax: this.clientsMax, role: this.role, hidden: this.hidden } = drawOffer(options, rng, index));
    this.mostClientsMax = this.clientsMax;
    const core: PeerOptions = {
      room: simRoom,
      origin: simOrigin,
      clientsMax: this.clientsMax,
      role: this.role,
      hidden: this.hidden,
      history: this.history,
      reunionPeriodMs: options.reunionPeriodMs,
      ...rate,
      logPacketsMax: options.logPacketsMax,
      logBytesMax: options.logBytesMax,
      disabled: options.disabled,
    };
    this.core = new PeerCore({ publicKey: this.publicKey, id: this.id }, rng.fork(7), core);
  }

  get name(): string {
    return `p${this.index}`;
  }

  /** This peer's monotonic clock at a virtual time, ms. */
  localMs(nowMs: number): number {
    return this.#clockOffsetMs + nowMs * this.#clockRate;
  }

  /** The first whole virtual millisecond at which this peer's clock shows at least `localMs`. */
  virtualMs(localMs: number): number {
    const atMs = Math.ceil((localMs - this.#clockOffsetMs) / this.#clockRate);
    return this.localMs(atMs) >= localMs ? atMs : atMs + 1;
  }

  /** This peer's wall clock, ms since 1970. */
  wallMs(nowMs: number): number {
    return Math.floor(wallStartMs + nowMs * this.#clockRate + this.#wallSkewMs);
  }

  /** Whether it would serve clients as the root sees it (rule A1). */
  get serves(): boolean {
    return !this.hidden && this.role !== 'leaf' && this.clientsMax > 0;
  }
}

/** What a peer offers. The first one is always an ordinary peer, so that a room can begin. */
export function drawOffer(
  options: SimOptions,
  rng: SimRng,
  index: number,
): { clientsMax: number; role: PeerRole; hidden: boolean } {
  const { k } = options;
  if (index === 0) return { clientsMax: k, role: 'peer', hidden: false };
  const hidden = rng.chance(options.hiddenShare);
  if (rng.chance(options.phoneShare)) return { clientsMax: 0, role: 'peer', hidden };
  const clientsMax = rng.chance(options.mixedShare) ? rng.int(1, k) : k;
  return { clientsMax, role: rng.chance(options.leafShare) ? 'leaf' : 'peer', hidden };
}
