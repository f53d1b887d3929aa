/** One socket: packets in, verified in their order, handed to the core; bounded in every direction. */
import type { Socket } from 'socket.io';
import type { RootErrorCode } from '../protocol/errors.ts';
import { rootBodyBytesMax } from '../protocol/limits.ts';
import { decodePacket, type Packet } from '../protocol/wire/packet.ts';
import { verifyForRoot, type Verdict } from './verify.ts';

/** Packets of one socket that wait for their verification; beyond it they are answered `rate`. */
const waitingMax = 64;

/** A socket whose address sends too much is told so no more often, ms. */
const rateToldEachMs = 5_000;

export interface SessionEvents {
  /** Whether the socket's address may have one more packet looked at (rule R11). */
  mayRead(): boolean;
  packet(verdict: Verdict): void;
  bad(code: RootErrorCode): void;
  /** The socket is closed and everything that came on it before was handed over: a LEAVE comes right before a close. */
  closed(): void;
}

/** Reads a socket's events. The only event there is: `packet`, with one binary argument. */
export function readSocket(socket: Socket, events: SessionEvents): void {
  let queue = Promise.resolve();
  let waiting = 0;
  let toldRateAtMs = -Infinity;
  const verify = async (packet: Packet): Promise<void> => {
    const verdict = await verifyForRoot(packet);
    waiting--;
    if (verdict === undefined) events.bad('malformed');
    else events.packet(verdict);
  };
  socket.onAny((event: unknown, ...args: unknown[]) => {
    const [bytes] = args;
    if (!events.mayRead()) {
      // An answer to each would be a flood of our own.
      const nowMs = performance.now();
      if (nowMs - toldRateAtMs < rateToldEachMs) return;
      toldRateAtMs = nowMs;
      events.bad('rate');
      return;
    }
    if (event !== 'packet' || args.length !== 1 || !(bytes instanceof Uint8Array)) {
      events.bad('malformed');
      return;
    }
    if (bytes.length > rootBodyBytesMax) {
      events.bad('too-large');
      return;
    }
    const decoded = decodePacket(Uint8Array.from(bytes));
    if (!decoded.ok) {
      events.bad('malformed');
    } else if (waiting >= waitingMax) {
      events.bad('rate');
    } else {
      waiting++;
      queue = queue.then(() => verify(decoded.packet));
    }
  });
  socket.once('disconnect', () => {
    void queue.then(() => {
      events.closed();
    });
  });
}
