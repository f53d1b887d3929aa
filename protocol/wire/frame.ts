/** A frame on a data channel: one or more records, each a 16-bit length and a packet (rule W2). */
import { frameBytesMax, recordOverheadBytes } from '../limits.ts';
import { packetSize, putPacket, type Packet } from './packet.ts';

/** Packs encoded packets, in order, into as few frames as hold them. Wants packets of at most `packetBytesMax` bytes. */
export function encodeFrames(packets: readonly Uint8Array[]): Uint8Array[] {
  return pack(
    packets,
    (packet) => packet.length,
    (packet, frame, at) => {
      frame.set(packet, at);
    },
  );
}

/** The same of packets that are not encoded yet: what is sealed or was received is copied once, into its frame. */
export function encodeInFrames(packets: readonly Packet[]): Uint8Array[] {
  return pack(packets, packetSize, putPacket);
}

function pack<P>(
  packets: readonly P[],
  sizeOf: (packet: P) => number,
  put: (packet: P, frame: Uint8Array, at: number) => void,
): Uint8Array[] {
  const sizes = packets.map(sizeOf);
  const frames: Uint8Array[] = [];
  for (let first = 0, end = 0; first < packets.length; first = end) {
    let size = 0;
    for (; end < packets.length; end++) {
      const next = recordOverheadBytes + (sizes[end] ?? 0);
      if (end > first && size + next > frameBytesMax) break;
      size += next;
    }
    const frame = new Uint8Array(size);
    let at = 0;
    for (let i = first; i < end; i++) {
      const length = sizes[i] ?? 0;
      frame[at] = length >>> 8;
      frame[at + 1] = length;
      put(packets[i] as P, frame, at + recordOverheadBytes);
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
