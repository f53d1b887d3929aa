/**
 * How soon an end that sends into nothing gives its link up. The far end, which hears nothing, closes the link and mostly says so; but
 * that word may be lost, and then only its pings, which count what came, tell the sender soon that nothing does (rule H3). Silence
 * would end the link as well, but later.
 */
import { linkDeadAfterMs, pingPeriodMs } from '../../limits.ts';
import type { LinkEnd } from '../link-end.ts';
import type { Network } from '../network.ts';
import type { SimPeer } from '../sim-peer.ts';
import type { Failing } from './failing.ts';

/**
 * Until the last answer to what arrived is here, and until something is sent after it: a ping's period each. Then what was sent must be
 * answered.
 */
const noticeMaxMs = 2 * pingPeriodMs + linkDeadAfterMs;
/** Trips of that: what arrived, its answer, and the two that the link takes for a round. */
const trips = 4;
const slackMs = 100;

/** What this checker asks of a simulation. */
export interface OneWayWorld extends Failing {
  readonly nowMs: number;
  readonly options: { readonly jitterMs: number };
  readonly network: Pick<Network, 'partition' | 'frameLossChance'>;
}

export class OneWayChecker {
  readonly #world: OneWayWorld;
  #cuts: { readonly end: LinkEnd; readonly atMs: number }[] = [];

  constructor(world: OneWayWorld) {
    this.#world = world;
  }

  /** From now on what this end sends arrives nowhere. */
  cut(end: LinkEnd): void {
    this.#cuts.push({ end, atMs: this.#world.nowMs });
  }

  /** Looks who should have noticed. Called once a second. */
  tick(): void {
    if (this.#cuts.length > 0)
      this.#cuts = this.#cuts.filter((cut) => this.#isJudged(cut.end, cut.atMs) && !this.#isLate(cut));
  }

  /** The link is still there at this end, and nothing else slows its judgement down. */
  #isJudged({ phase, flow, peer, other }: LinkEnd, atMs: number): boolean {
    const { partition, frameLossChance } = this.#world.network;
    if (phase !== 'open' || flow !== 'vanish' || other === undefined) return false;
    return partition === undefined && frameLossChance === 0 && isPrompt(peer, atMs) && isPrompt(other.peer, atMs);
  }

  #isLate({ end, atMs }: { readonly end: LinkEnd; readonly atMs: number }): boolean {
    const { nowMs, options } = this.#world;
    const { peer, link, latencyMs, other } = end;
    const tripMs = Math.max(latencyMs, other?.latencyMs ?? 0) + options.jitterMs;
    const rttMs = peer.core.linkViews().find((each) => each.link === link)?.rttMs ?? 0;
    if (nowMs < atMs + noticeMaxMs + Math.max(rttMs, 2 * tripMs) + trips * tripMs + slackMs) return false;
    this.#world.fail('one-way', `${end.name} has sent into nothing for ${Math.round(nowMs - atMs)} ms [H3]`);
    return true;
  }
}

function isPrompt({ alive, frozen, hidden, thawedAtMs }: SimPeer, sinceMs: number): boolean {
  return !alive || (!frozen && !hidden && thawedAtMs < sinceMs);
}
