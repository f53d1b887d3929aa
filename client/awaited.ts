/** Calls of the SDK that wait for what the core brings later: messages to be sealed, probes to be answered. */
import type { UserOutput } from '../protocol/peer.ts';
import { BanyanError, type MessageId, type Probe } from './api.ts';

/** How long a probe may take, ms. */
const probeTimeoutMs = 10_000;

/** The caller called it off. */
export function aborted(what: string): BanyanError {
  return new BanyanError('aborted', `${what} was called off`);
}

/** The room was left before it came about. */
export function hasLeft(): BanyanError {
  return new BanyanError('left-room', 'this room was left');
}

interface Pending<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: BanyanError) => void;
}

/** Messages on their way to be sealed; they come back in their order. */
export class Sends {
  /** `undefined` where nobody waits. */
  readonly #pending: (Pending<MessageId> | undefined)[] = [];

  /** Hands a message over by `post`; resolves when it comes back sealed, rejects at once with `aborted` when `signal` aborts. */
  wait(post: () => 'accepted' | 'busy' | 'left', signal: AbortSignal | undefined): Promise<MessageId> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        reject(aborted('sending'));
      };
      const settle =
        <T>(act: (value: T) => void) =>
        (value: T): void => {
          signal?.removeEventListener('abort', onAbort);
          act(value);
        };
      signal?.addEventListener('abort', onAbort);
      const pending: Pending<MessageId> = { resolve: settle(resolve), reject: settle(reject) };
      const answer = this.post(post, pending);
      if (answer === 'accepted') return;
      const busy = new BanyanError('busy', 'more is being sent than goes out: wait for earlier sends');
      pending.reject(answer === 'left' ? hasLeft() : busy);
    });
  }

  /** Hands something over for which perhaps nobody waits. */
  post(post: () => 'accepted' | 'busy' | 'left', pending?: Pending<MessageId>): 'accepted' | 'busy' | 'left' {
    this.#pending.push(pending);
    const answer = post();
    if (answer !== 'accepted') this.#pending.pop();
    return answer;
  }

  /** The next of them is sealed and in the log. */
  sealed(id: MessageId): void {
    this.#pending.shift()?.resolve(id);
  }

  leave(): void {
    for (const pending of this.#pending.splice(0)) pending?.reject(hasLeft());
  }
}

/** A whole number below 2^48. */
function randomNumber(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (high % 2 ** 16) * 2 ** 32 + low;
}

/** Questions for the way to the root. */
export class Probes {
  readonly #pending = new Map<number, Pending<Omit<Probe, 'tookMs'>>>();

  /** Asks by `send`; rejects with `unconfirmed` when no answer comes in time. */
  ask(send: (probe: number) => void): Promise<Probe> {
    // By chance, so that nobody has an answer of the root's to it beforehand.
    const number = randomNumber();
    const startedMs = performance.now();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(number);
        reject(new BanyanError('unconfirmed', 'no answer came from the way to the root'));
      }, probeTimeoutMs);
      this.#pending.set(number, {
        resolve: (probe) => {
          clearTimeout(timer);
          resolve({ ...probe, tookMs: performance.now() - startedMs });
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      send(number);
    });
  }

  answered({ probe, path, rootReachable }: Extract<UserOutput, { kind: 'probe' }>): void {
    this.#pending.get(probe)?.resolve({ path, rootReachable });
    this.#pending.delete(probe);
  }

  leave(): void {
    for (const { reject } of this.#pending.values()) reject(hasLeft());
    this.#pending.clear();
  }
}
