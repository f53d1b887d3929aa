/** Does the work that a root asks for when too many come at once (rule R10). */
import { workBytes } from '../../protocol/wire/bodies.ts';
import { isWorkFair, leadingZeroBits, workBitsAsked, workPrefix } from '../../protocol/work.ts';

/** Hashes between two breaths: some 10 ms, so that a page stays alive meanwhile. */
const hashesAtOnce = 5_000;

/** Lets others have a turn. Timers of hidden pages sleep for a second, messages do not. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

/**
 * 8 bytes under which the hash of challenge and sender begins with as many zero bits as the challenge asks for; zeros when it
 * asks for none, or for more than is fair, which the root will refuse. 2^16 hashes at most on average: 0.1 s on a desktop.
 */
export async function findWork(challenge: Uint8Array, sender: Uint8Array): Promise<Uint8Array> {
  const work = new Uint8Array(workBytes);
  const bits = workBitsAsked(challenge);
  if (bits === 0 || !isWorkFair(challenge)) return work;
  const { sha256 } = await import('@noble/hashes/sha2.js');
  const begun = sha256.create().update(workPrefix(challenge, sender));
  const view = new DataView(work.buffer);
  for (let tried = 0; ; tried++) {
    view.setUint32(4, tried);
    if (leadingZeroBits(begun.clone().update(work).digest()) >= bits) return work;
    if (tried % hashesAtOnce === hashesAtOnce - 1) await breathe();
  }
}
