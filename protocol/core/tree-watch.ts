/** Notices that peers hang elsewhere than before: then counts that are told along the tree are taken anew (rules T2, F5). */
import type { Links } from './links.ts';
import type { Picture } from './picture.ts';

export class TreeWatch {
  readonly #links: Links;
  readonly #picture: Picture;
  /** The picture as of the last look: when it changes, so may the way to a sender, and how many there are. */
  #digest = 0;
  /** The links that had ended by then: who was behind them is counted no longer. */
  #ended = 0;

  constructor(links: Links, picture: Picture) {
    this.#links = links;
    this.#picture = picture;
  }

  /** Whether anything changed since it last said so. */
  changed(): boolean {
    const { digest } = this.#picture;
    const { ended } = this.#links;
    if (digest === this.#digest && ended === this.#ended) return false;
    this.#digest = digest;
    this.#ended = ended;
    return true;
  }
}
