/** What an embedded room is doing: a visit to the room that an attribute names. */
import { type Room } from '../../../client/api.ts';
import { failureKind } from '../session/failure.ts';
import { recall } from '../session/memory.ts';
import { type Sdk } from '../session/sdk.ts';
import { Visit } from '../session/visit.svelte.ts';

export class EmbedVisit extends Visit {
  #link: string | undefined;

  /** `tell` hears of the room that was entered, and `undefined` when it is over. */
  constructor(sdk: Sdk, tell: (room: Room | undefined) => void) {
    super(sdk, { options: () => ({}), entered: (room) => tell(room), gone: () => tell(undefined) });
    this.name = recall('name') ?? '';
  }

  /** The link the element has now, and the name: whoever is given a name has nothing left to be asked and joins at once. */
  show(link: string | undefined, name: string | undefined): void {
    if (name !== undefined && name !== this.name) {
      this.name = name;
      if (this.phase.kind === 'room') void this.rename(name);
    }
    if (link === this.#link && this.phase.kind !== 'landing') {
      if (this.phase.kind === 'lobby' && name !== undefined) void this.join(this.phase.link);
      return;
    }
    this.#link = link;
    if (link === undefined) this.settle({ kind: 'failed', link: '', failure: failureKind('link'), code: 'link' });
    else {
      this.settle({ kind: 'lobby', link });
      if (name !== undefined) void this.join(link);
    }
  }

  /** Leaves for good. */
  leave(): void {
    this.#link = undefined;
    this.settle({ kind: 'landing' });
  }
}
