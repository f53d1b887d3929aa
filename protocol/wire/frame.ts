/** A frame on a data channel: one or more records, each a 16-bit length and a packet (rule W2). */
import { frameBytesMax, recordOverheadBytes } from '../limits.ts';
import { packetSize, putPacket, type Packet } from './packet.ts';

/**
 * Packs packets, in order, into as few frames as hold them; each is at most `packetBytesMax` bytes. What is sealed or was received is copied
 * once, into its frame.
 */
export function encodeFrames(packets: readonly Packet[]): Uint8Array[] {
  const sizes = packets.map((packet) => recordOverheadBytes + packetSize(packet));
  const frames: Uint8Array[] = [];
  for (let first = 0, end = 0; first < packets.length; first = end) {
    let size = 0;
    for (let next = sizes[end]; next && (end === first || size + next <= frameBytesMax); next = sizes[++end])
      size += next;
    const frame = new Uint8Array(size);
    let at = 0;
    for (const packet of packets.slice(first, end)) {
      const length = packetSize(packet);
      frame[at] = length >>> 8;
      frame[at + 1] = length;
      putPacket(packet, frame, at + recordOverheadBytes);
      at += recordOverheadBytes + length;
    }
    frames.push(frame);
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
