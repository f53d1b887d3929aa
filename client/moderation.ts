/** A room's owner and what holds by its word, as the SDK shows and changes it. */
import { orderAdmittedMax, orderRemovedMax, orderSpeakersMax } from '../protocol/limits.ts';
import { noNode, type NodeId, type RoomId } from '../protocol/types.ts';
import type { OrderBody } from '../protocol/wire/bodies/order.ts';
import { BanyanError, type Moderation, type ModerationChange } from './api.ts';

export interface ModerationPorts {
  readonly room: string;
  readonly owner: NodeId;
  readonly self: NodeId;
  /** Who is here as far as is known, oneself included. */
  here(): Iterable<NodeId>;
  /** Has the order signed; it comes back by `output`. */
  issue(order: OrderBody, version: number): void;
}

/** Versions start at the clock, in seconds: an owner that lost sight of an earlier order still outranks it. */
function nextVersion(version: number): number {
  return Math.max(version + 1, Math.floor(Date.now() / 1_000));
}

function bounded(ids: ReadonlySet<NodeId>, countMax: number, what: string): readonly NodeId[] {
  if (ids.size > countMax) throw new BanyanError('too-large', `an order names at most ${countMax} ${what}`);
  return [...ids];
}

export class RoomModeration {
  readonly #ports: ModerationPorts;
  readonly #waiting: { readonly version: number; readonly done: () => void; readonly fail: (e: Error) => void }[] = [];
  #order: OrderBody;
  /** Of the newest order, also while it is being signed: two changes in a row build on each other. */
  #version = 0;
  #shown: Moderation | undefined;

  constructor(ports: ModerationPorts) {
    this.#ports = ports;
    const room = ports.room as RoomId;
    this.#order = { room, locked: false, quiet: false, speakers: [], removed: [], admitted: [] };
  }

  /** The same object as long as nothing changed. */
  get view(): Moderation {
    const { owner, self } = this.#ports;
    const { locked, quiet, speakers, removed } = this.#order;
    this.#shown ??= {
      owner: owner === noNode ? undefined : owner,
      mine: owner !== noNode && owner === self,
      locked,
      quiet,
      speakers: new Set(speakers),
      removed: new Set(removed),
      maySpeak: owner === self || !quiet || speakers.includes(self),
    };
    return this.#shown;
  }

  /** Rejects with `not-owner`, `argument` and `too-large`. */
  async change(change: ModerationChange): Promise<void> {
    const { owner, self } = this.#ports;
    if (owner === noNode || owner !== self)
      throw new BanyanError('not-owner', 'only who holds the key of the room’s owner may do that');
    const order = this.#changed(change);
    const version = nextVersion(this.#version);
    this.#order = order;
    this.#version = version;
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ version, done: resolve, fail: reject });
    });
    this.#ports.issue(order, version);
    await done;
  }

  #changed({ lock, quiet, speakers, remove = [], readmit = [] }: ModerationChange): OrderBody {
    const { room, owner } = this.#ports;
    const removed = new Set([...this.#order.removed, ...remove]);
    for (const id of readmit) removed.delete(id);
    if (removed.has(owner)) throw new BanyanError('argument', 'an owner cannot be removed');
    const locked = lock ?? this.#order.locked;
    // Who is here when the lock closes may stay and come again; later only who is let in by name.
    const known = this.#order.locked ? this.#order.admitted : this.#ports.here();
    const admitted = new Set(locked ? [...known, ...readmit] : []);
    for (const id of removed) admitted.delete(id);
    return {
      room: room as RoomId,
      locked,
      quiet: quiet ?? this.#order.quiet,
      speakers: bounded(new Set(speakers ?? this.#order.speakers), orderSpeakersMax, 'speakers'),
      removed: bounded(removed, orderRemovedMax, 'who were removed'),
      admitted: bounded(admitted, orderAdmittedMax, 'who may come into a locked room'),
    };
  }

  /** The newest order, one's own included. */
  output(order: OrderBody, version: number): void {
    this.#order = order;
    this.#version = Math.max(this.#version, version);
    this.#shown = undefined;
    while (this.#waiting[0] !== undefined && this.#waiting[0].version <= version) this.#waiting.shift()?.done();
  }

  leave(): void {
    for (const { fail } of this.#waiting.splice(0)) fail(new BanyanError('left-room', 'this room was left'));
  }
}
