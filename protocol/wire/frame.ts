/** A frame on a data channel: one or more records, each a 16-bit length and a packet (rule W2). */
import { frameBytesMax, recordOverheadBytes } from '../limits.ts';

/** Packs packets, in order, into as few frames as hold them. Wants packets of at most `packetBytesMax` bytes. */
export function encodeFrames(packets: readonly Uint8Array[]): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let first = 0;
  while (first < packets.length) {
    let size = 0;
    let end = first;
    for (; end < packets.length; end++) {
      const next = recordOverheadBytes + (packets[end]?.length ?? 0);
      if (end > first && size + next > frameBytesMax) break;
      size += next;
    }
    const frame = new Uint8Array(size);
    let at = 0;
    for (const packet of packets.slice(first, end)) {
      frame[at] = packet.length >>> 8;
      frame[at + 1] = packet.length;
      frame.set(packet, at + recordOverheadBytes);
      at += recordOverheadBytes + packet.length;
    }
    frames.push(frame);
    first = end;
  }
  return frames;
}

/** The packets in a frame, as views; `undefined` when the frame is too large, empty or its lengths do not add up. */
export function decodeFrame(frame: Uint8Array): Uint8Array[] | undefined {
  if (frame.length === 0 || frame.length > frameBytesMax) return undefined;
  const packets: Uint8Array[] = [];
  let at = 0;
  while (at < frame.length) {
    if (at + recordOverheadBytes > frame.length) return undefined;
    const length = ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
    at += recordOverheadBytes;
    if (length === 0 || at + length > frame.length) return undefined;
    packets.push(frame.subarray(at, at + length));
    at += length;
  }
  return packets;
}
