/** What the owner ruled, for people: what changed, and lists that fit an order. */
import { type Moderation, type NodeId } from '../../../client/api.ts';

/** What the conversation tells of rules. */
export type RuleNote = 'locked' | 'unlocked' | 'quiet' | 'open';

/** What is told of a change; `undefined` before is a room that was just entered, of which only what is unusual is told. */
export function notesBetween(
  before: Pick<Moderation, 'locked' | 'quiet'> | undefined,
  after: Pick<Moderation, 'locked' | 'quiet'>,
): readonly RuleNote[] {
  const { locked, quiet } = before ?? { locked: false, quiet: false };
  return [
    ...(locked === after.locked ? [] : [after.locked ? ('locked' as const) : ('unlocked' as const)]),
    ...(quiet === after.quiet ? [] : [after.quiet ? ('quiet' as const) : ('open' as const)]),
  ];
}

/**
 * The speakers with one more. A list that is full first lets go of those who are not here: nobody could take them out by hand, and
 * who only loads the page again should stay in it as long as there is room.
 */
export function withSpeaker(
  speakers: ReadonlySet<NodeId>,
  added: NodeId,
  isHere: (id: NodeId) => boolean,
  countMax: number,
): readonly NodeId[] {
  const all = new Set([...speakers, added]);
  return all.size <= countMax ? [...all] : [...all].filter((id) => id === added || isHere(id));
}

export function withoutSpeaker(speakers: ReadonlySet<NodeId>, id: NodeId): readonly NodeId[] {
  return [...speakers].filter((each) => each !== id);
}
