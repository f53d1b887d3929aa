/** A name for one tab at a time on pages over plain http, which are given no locks: whoever has it says so. */

/** How long a tab waits for the one that has the name to answer, in ms. */
const answerWithinMs = 200;

interface Word {
  readonly name: string;
  /** `free?` asks, `mine` is the answer of who has it. */
  readonly what: 'free?' | 'mine';
}

function isWord(data: unknown): data is Word {
  return typeof data === 'object' && data !== null && 'name' in data && 'what' in data;
}

/** As `claim`. Two that ask in the same moment both get it: then the later one takes the place of the first in the room. */
export async function claimByAsking(name: string, until: AbortSignal): Promise<boolean> {
  if (typeof BroadcastChannel === 'undefined') return true;
  const channel = new BroadcastChannel('banyan-names');
  const say = (what: Word['what']): void => channel.postMessage({ name, what } satisfies Word);
  let isTaken = false;
  let isMine = false;
  channel.addEventListener('message', ({ data }) => {
    const word: unknown = data;
    if (!isWord(word) || word.name !== name) return;
    if (word.what === 'mine') isTaken = true;
    else if (isMine) say('mine');
  });
  say('free?');
  await new Promise((resolve) => setTimeout(resolve, answerWithinMs));
  isMine = !(isTaken as boolean) && !until.aborted;
  if (isMine) until.addEventListener('abort', () => channel.close());
  else channel.close();
  return isMine;
}
