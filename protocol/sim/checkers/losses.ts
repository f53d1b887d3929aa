/**
 * How soon a message that a link lost is made good: the next ping that crosses the link says how much was sent before it, and
 * who lacks something asks (rule L5). Audits and later words would bring it as well, but later.
 */
import { isTreeLink } from '../../core/links.ts';
import { pingPeriodMs } from '../../limits.ts';
import { streamKey, type StreamKey } from '../../types.ts';
import type { VerifiedPacket } from '../../wire/packet.ts';
import type { LinkEnd } from '../link-end.ts';
import type { Network } from '../network.ts';
import { hiddenTimerMs, type SimPeer } from '../sim-peer.ts';
import type { Failing } from './failing.ts';

/** Trips of a repair: the ping, the question, what was lost. */
const trips = 3;
/** What the rest of it may take, ms. */
const slackMs = 300;

/** What this checker asks of a simulation. */
export interface LossesWorld extends Failing {
  readonly nowMs: number;
  readonly options: { readonly jitterMs: number };
  readonly network: Pick<Network, 'partition'>;
}

interface Loss {
  readonly from: LinkEnd;
  readonly to: LinkEnd;
  readonly key: StreamKey;
  readonly seq: number;
  atMs: number;
}

export class LossesChecker {
  readonly #world: LossesWorld;
  /** By receiver: what is to come yet. */
  readonly #pending = new Map<SimPeer, Loss[]>();

  constructor(world: LossesWorld) {
    this.#world = world;
  }

  /** A message on its way from an end was lost, and the link lives on. */
  lost(from: LinkEnd, packet: VerifiedPacket): void {
    const to = from.other;
    if (to === undefined || !isFast(from) || !isFast(to)) return;
    const key = streamKey(packet.senderId, packet.header.session);
    const { seq } = packet.header;
    const losses = this.#pending.get(to.peer) ?? [];
    this.#pending.set(to.peer, losses);
    // What comes behind it in its stream has to wait for it.
    for (const loss of losses) if (loss.key === key && loss.seq >= seq) loss.atMs = this.#world.nowMs;
    losses.push({ from, to, key, seq, atMs: this.#world.nowMs });
  }

  /** Looks what is overdue. Called once a second. */
  tick(): void {
    for (const [peer, losses] of this.#pending) {
      const left = losses.filter((loss) => this.#isOwed(loss) && !this.#isLate(loss));
      if (left.length > 0) this.#pending.set(peer, left);
      else this.#pending.delete(peer);
    }
  }

  /**
   * It is not there yet, and nothing else came in between: both ends are awake and hang together in the tree by this link, and
   * the log at its other end reaches back as far as it must.
   */
  #isOwed({ from, to, key, seq, atMs }: Loss): boolean {
    if (this.#world.network.partition !== undefined) return false;
    if (!isUp(from, atMs) || !isUp(to, atMs) || !isInTree(from) || !isInTree(to)) return false;
    const first = to.peer.core.lacks(key, seq);
    return first !== undefined && from.peer.core.holds(key, first);
  }

  #isLate({ from, to, seq, atMs }: Loss): boolean {
    const { nowMs, options } = this.#world;
    const tripMs = Math.max(from.latencyMs, to.latencyMs) + options.jitterMs;
    const lateMs = from.peer.hidden || to.peer.hidden ? hiddenTimerMs : 0;
    if (nowMs < atMs + pingPeriodMs + lateMs + trips * tripMs + slackMs) return false;
    this.#world.fail(
      'losses',
      `${to.name} still lacks #${seq}, which was lost ${Math.round(nowMs - atMs)} ms ago [L5]`,
    );
    return true;
  }
}

function isFast(end: LinkEnd): boolean {
  return end.bytesPerMs === Infinity;
}

function isUp({ phase, flow, peer }: LinkEnd, sinceMs: number): boolean {
  return phase === 'open' && flow === 'pass' && peer.alive && !peer.frozen && peer.thawedAtMs < sinceMs;
}

function isInTree({ peer, link }: LinkEnd): boolean {
  const view = peer.core.linkViews().find((each) => each.link === link);
  return view !== undefined && isTreeLink(view);
}
