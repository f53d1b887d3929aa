/** Tells the room's user where its peer stands: states and steps within them, and the tree, each when it is another than before. */
import type { ReasonCode } from '../protocol/errors.ts';
import type { RoomEvents, TreeView } from './api.ts';
import type { Emitter } from './emitter.ts';
import type { Session } from './session.ts';
import { roundTrips, stateChange, treeView } from './standing.ts';

export class StandingTeller {
  readonly #session: Session;
  readonly #events: Emitter<RoomEvents>;
  #reason: ReasonCode | undefined;
  #tree: TreeView | undefined;
  #lastStep = '';

  constructor(session: Session, events: Emitter<RoomEvents>) {
    this.#session = session;
    this.#events = events;
  }

  /** Why the state is what it is; `undefined` where there is nothing to say. */
  get reason(): ReasonCode | undefined {
    return this.#reason;
  }

  /** The same object as long as nothing changed, so that a page need not draw again. */
  get tree(): TreeView {
    const view = this.#session.view();
    if (this.#tree === undefined) return (this.#tree = treeView(view));
    const roundTripMs = roundTrips(view);
    const known = this.#tree.roundTripMs;
    const isSame = roundTripMs.size === known.size && [...roundTripMs].every(([node, ms]) => known.get(node) === ms);
    if (!isSame) this.#tree = { ...this.#tree, roundTripMs };
    return this.#tree;
  }

  stateChanged(reason: ReasonCode): void {
    this.#changed();
    this.#reason = reason === 'none' ? undefined : reason;
    this.#tellState();
  }

  treeChanged(): void {
    this.#changed();
    this.#tellState();
    if (this.#events.has('tree')) this.#events.emit('tree', this.tree);
  }

  #changed(): void {
    this.#session.changed();
    this.#tree = undefined;
  }

  /** Tells of a new state, or of the next step or another parent within one. */
  #tellState(): void {
    // A view of a large room costs something: none is made for nobody.
    if (!this.#events.has('state')) return;
    const change = stateChange(this.#session.view(), this.#reason ?? 'none');
    const step = [change.state, change.detail, change.reason, change.parent].join(' ');
    if (step === this.#lastStep) return;
    this.#lastStep = step;
    this.#events.emit('state', change);
  }
}
