/** Where this peer stands in the tree, and since when. Plain state that the parts of the core share. */
import type { ReasonCode } from '../errors.ts';
import type { NodeId, PeerState } from '../types.ts';
import type { Attestation } from '../wire/attestation.ts';
import type { Context } from './context.ts';
import { RootWord } from './root-word.ts';

export class Position {
  readonly #ctx: Context;
  state: PeerState = 'idle';
  head = false;
  /** Grows with each attempt to attach: orders what others hear about this peer's edge (M5), and dates tickets (A5). */
  attachEpoch = 0;
  /** From the head to this peer, both included; empty while not anchored. */
  path: readonly NodeId[] = [];
  /** Depth when last anchored; 64 before. */
  lastDepth = 64;
  roomSize = 1;
  rootReachable = false;
  /** The root's last word as it came, to be passed on as it is; and how it is judged. */
  attestation: Attestation | undefined;
  readonly rootWord = new RootWord();
  epoch = 0;
  round = 0;
  /** When the way to the root was last confirmed, ms. */
  confirmedAtMs = 0;
  /** HEALING from above holds the judgement on the path until then, ms. */
  healingUntilMs = 0;
  healingFor: NodeId | undefined;
  everAttached = false;
  /** When this peer was orphaned; `undefined` while it is not. */
  orphanedAtMs: number | undefined;

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  get anchored(): boolean {
    return this.path.length > 0;
  }

  get depth(): number {
    return this.path.length;
  }

  setState(state: PeerState, reason: ReasonCode = 'none'): void {
    if (this.state === state) return;
    this.state = state;
    this.#ctx.emit({ kind: 'state', state, reason });
    this.#ctx.treeChanged();
  }

  /** Sets the path; returns whether it changed. */
  setPath(path: readonly NodeId[]): boolean {
    const same = path.length === this.path.length && path.every((node, i) => node === this.path[i]);
    if (same) return false;
    this.path = path;
    if (path.length > 0) this.lastDepth = path.length;
    this.#ctx.treeChanged();
    return true;
  }
}
