/**
 * A room of two as a pipe. `send` resolves when a message is in the sender's own log, not when it arrived, and a log holds
 * 4 MiB: like any application that sends more than a link carries, this one counts what the other end acknowledged.
 */
import { joinRoomIn } from '../../client/room.ts';
import type { Pipe } from './pipe.ts';

/** Sent and not acknowledged: well below the log and the outbox (4,096 messages), well above what a link has under way. */
const windowBytes = 1024 * 1024;
const windowMessages = 2_048;
/** The receiver acknowledges each time this much came. */
const ackBytes = windowBytes / 8;
const ackMessages = windowMessages / 8;
const ackChannel = 'ack';
/** The SDK slows an origin to 20 packets a second (rule S6); how fast a link is shows without that only. */
const originRate = { perSecond: 1e9, burst: 1e9 };

interface Count {
  readonly bytes: number;
  readonly messages: number;
}

export async function open(link: string): Promise<Pipe> {
  const room = await joinRoomIn(link, { name: 'bench', iceServers: [] }, { origin: location.origin, originRate });
  let sent: Count = { bytes: 0, messages: 0 };
  let acked = sent;
  let received = sent;
  let said = sent;
  let problem: string | undefined;
  let goOn: (() => void) | undefined;
  let take: (bodyBytes: number) => void = () => undefined;

  const isBehind = (ahead: Count, behind: Count, bytes: number, messages: number): boolean =>
    ahead.bytes - behind.bytes >= bytes || ahead.messages - behind.messages >= messages;
  const fail = (error: unknown): void => {
    problem ??= String(error);
    goOn?.();
  };

  room.on('gap', (gap) => {
    fail(`a gap of ${gap.toSeq - gap.fromSeq + 1} packets`);
  });
  room.on('message', ({ bytes, text, channel, self }) => {
    if (self) return;
    if (channel === ackChannel) {
      acked = JSON.parse(text ?? '') as Count;
      if (!isBehind(sent, acked, windowBytes, windowMessages)) goOn?.();
      return;
    }
    if (bytes === undefined) return;
    take(bytes.byteLength);
    received = { bytes: received.bytes + bytes.byteLength, messages: received.messages + 1 };
    if (!isBehind(received, said, ackBytes, ackMessages)) return;
    said = received;
    room.send(JSON.stringify(received), { channel: ackChannel }).catch(fail);
  });
  return {
    send(body) {
      sent = { bytes: sent.bytes + body.byteLength, messages: sent.messages + 1 };
      room.send(body).catch(fail);
      if (problem !== undefined) throw new Error(problem);
      if (!isBehind(sent, acked, windowBytes, windowMessages)) return undefined;
      return new Promise<void>((resolve) => {
        goOn = resolve;
      });
    },
    receive(taker) {
      take = taker;
    },
  };
}
