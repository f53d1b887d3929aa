/** What the owner does, and whether it came to anything. */
import { type BanyanErrorCode, type ModerationChange, type NodeId, speakersMax } from '../../../client/api.ts';
import { codeOf } from '../session/failure.ts';
import { type LiveRoom } from '../session/room.svelte.ts';
import { withoutSpeaker, withSpeaker } from './rules.ts';

export class Ruling {
  /** Why the last change was not made. */
  failed: BanyanErrorCode | undefined = $state();
  readonly #live: LiveRoom;

  constructor(live: LiveRoom) {
    this.#live = live;
  }

  async rule(change: ModerationChange): Promise<void> {
    this.failed = undefined;
    try {
      await this.#live.room.moderate(change);
    } catch (error) {
      this.failed = codeOf(error);
    }
  }

  /** Lets somebody speak, or no longer. */
  async letSpeak(id: NodeId, maySpeak: boolean): Promise<void> {
    const { moderation, members } = this.#live;
    const { speakers } = moderation;
    const isHere = (each: NodeId): boolean => members.has(each);
    await this.rule({
      speakers: maySpeak ? withSpeaker(speakers, id, isHere, speakersMax) : withoutSpeaker(speakers, id),
    });
  }
}
