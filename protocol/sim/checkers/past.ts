/** A newcomer is told once that it has what was said before it came, and is given nothing of that afterwards [L6]. */
import type { CoreOutput } from '../../core/io.ts';
import type { SimPeer } from '../sim-peer.ts';
import type { Failing } from './failing.ts';

/** What this checker asks of a simulation. */
export interface PastWorld extends Failing {
  readonly live: readonly SimPeer[];
}

export class PastChecker {
  readonly #world: PastWorld;
  readonly #caughtUp = new Set<SimPeer>();

  constructor(world: PastWorld) {
    this.#world = world;
  }

  told(peer: SimPeer, output: Extract<CoreOutput, { kind: 'deliver' | 'caughtUp' }>): void {
    if (output.kind === 'deliver' && !output.isPast) return;
    if (this.#caughtUp.has(peer)) {
      const what = output.kind === 'deliver' ? `given #${output.packet.header.seq} of the past` : 'told so again';
      this.#world.fail('past', `${peer.name} was told that it has the past, and is ${what} [L6]`);
    } else if (output.kind === 'caughtUp') this.#caughtUp.add(peer);
  }

  /** Once all is quiet: the first peer that is attached and still waits. */
  problem(): string | undefined {
    const waiting = this.#world.live.find((peer) => peer.attachedAtMs < Infinity && !this.#caughtUp.has(peer));
    return waiting && `${waiting.name} was never told that it has what was said before it came [L6]`;
  }
}
