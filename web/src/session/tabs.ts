/** One person's tabs of a room in one browser: each is a peer with a key of its own, and they tell each other which. */
import { type NodeId } from '../../../client/api.ts';

interface Word {
  readonly room: string;
  readonly id: NodeId;
  /** `here` wants an answer, `also` is one, `gone` is a tab that closes. */
  readonly what: 'here' | 'also' | 'gone';
}

function isWord(data: unknown): data is Word {
  return typeof data === 'object' && data !== null && 'room' in data && 'id' in data && 'what' in data;
}

/**
 * Follows the other tabs until `signal` aborts; `changed` is told their ids. Only pages of this origin in this browser hear each
 * other here: nobody else can pass for one's own tab.
 */
export function followTabs(
  room: string,
  self: NodeId,
  signal: AbortSignal,
  changed: (others: ReadonlySet<NodeId>) => void,
): void {
  if (typeof BroadcastChannel === 'undefined' || signal.aborted) return;
  const channel = new BroadcastChannel('banyan-tabs');
  const others = new Set<NodeId>();
  const say = (what: Word['what']): void => channel.postMessage({ room, id: self, what } satisfies Word);
  channel.addEventListener('message', ({ data }) => {
    const word: unknown = data;
    if (!isWord(word) || word.room !== room || word.id === self) return;
    const had = others.has(word.id);
    if (word.what === 'gone') others.delete(word.id);
    else others.add(word.id);
    if (word.what === 'here') say('also');
    if (had !== others.has(word.id)) changed(new Set(others));
  });
  signal.addEventListener('abort', () => {
    say('gone');
    channel.close();
  });
  say('here');
}
