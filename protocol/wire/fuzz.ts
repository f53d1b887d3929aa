/**
 * Every decoder under inputs that a seed draws: random bytes, and samples that were bent. A decoder must be total, and give
 * nothing back that would not encode to exactly the bytes it read (rules W2, W5).
 */
import type { NodeId, SessionId } from '../types.ts';
import * as bodies from './bodies.ts';
import { decodeUtf8, encodeUtf8, sameBytes, toHex } from './bytes.ts';
import { directBody } from './direct-body.ts';
import { decodeFrame, encodeFrames } from './frame.ts';
import { decodePacket, encodePacket, type Packet } from './packet.ts';
import { Reunion } from './reunion.ts';
import { replyBody } from './talk-body.ts';
import { codecByShape, samples, shapeOf } from './samples.ts';

/** One decoder. */
export interface FuzzTarget {
  readonly name: string;
  /** Inputs that it takes. */
  readonly samples: readonly Uint8Array[];
  /** What it makes of an input, encoded again; `undefined` when it refuses it. */
  again(input: Uint8Array): Uint8Array | undefined;
}

export interface FuzzResult {
  readonly name: string;
  readonly inputs: number;
  /** Inputs that the decoder took. */
  readonly accepted: number;
  /** The first input that showed a fault, as hex, and what was wrong. */
  readonly fault: { readonly input: string; readonly what: string } | undefined;
}

function bodyTarget<T>(name: string, codec: bodies.BodyCodec<T>, values: readonly Uint8Array[]): FuzzTarget {
  return {
    name,
    samples: values,
    again: (input) => {
      const value = codec.decode(input);
      return value === undefined ? undefined : codec.encode(value);
    },
  };
}

/** Decodes and encodes again without the bytes that were kept. */
function packetAgain(input: Uint8Array): Uint8Array | undefined {
  const result = decodePacket(input);
  if (!result.ok) return undefined;
  const { packet } = result;
  Reunion.read(packet as Packet<'reunion'>);
  const { bytes: _bytes, ...parts } = packet;
  return encodePacket(parts);
}

const fileKey = { sender: '1'.repeat(32) as NodeId, session: '2'.repeat(16) as SessionId, file: 3 };
const chunk = bodies.chunkBody.encode({ file: 3, data: new Uint8Array(20) });

/** Every decoder that reads what a network brought. */
export const fuzzTargets: readonly FuzzTarget[] = [
  { name: 'packet', samples: samples.map(encodePacket), again: packetAgain },
  {
    name: 'frame',
    samples: [[3], [1, 40], [20, 1, 30]].flatMap((sizes) =>
      encodeFrames(sizes.map((size) => new Uint8Array(size).fill(1))),
    ),
    again: (input) => {
      const packets = decodeFrame(input);
      return packets && encodeFrames(packets)[0];
    },
  },
  {
    name: 'utf-8',
    samples: ['', 'plain', 'é☂😀', '\u07ff\u0800\uffff\u{10000}\u{10ffff}'].map(encodeUtf8),
    again: (input) => {
      const text = decodeUtf8(input);
      return text === undefined ? undefined : encodeUtf8(text);
    },
  },
  ...Object.entries(codecByShape).map(([shape, codec]) =>
    bodyTarget(
      shape,
      codec,
      samples.filter((packet) => shapeOf(packet) === shape).map(({ body }) => body),
    ),
  ),
  bodyTarget('chunk/push', bodies.chunkBody, [chunk]),
  bodyTarget('want/pull', bodies.wantBody, [bodies.wantBody.encode([{ ...fileKey, next: 4 }])]),
  bodyTarget('progress/push', bodies.progressBody, [bodies.progressBody.encode({ ...fileKey, complete: 1, peers: 2 })]),
  bodyTarget('manifest', bodies.manifestBody, [
    bodies.manifestBody.encode({ file: 3, sizeBytes: 40_000, chunkBytes: 16_000, name: 'a.png', type: 'image/png' }),
  ]),
  bodyTarget('direct', directBody, [
    directBody.encode({ content: 'text', channel: 'game', data: encodeUtf8('for you') }),
    directBody.encode({ content: 'bytes', channel: '', data: new Uint8Array(20) }),
  ]),
  bodyTarget('reply', replyBody, [
    replyBody.encode({ sender: fileKey.sender, session: fileKey.session, seq: 7, index: 1, text: encodeUtf8('yes') }),
  ]),
  bodyTarget('cancel', bodies.cancelBody, [bodies.cancelBody.encode({ file: 3 })]),
];

/** xorshift32: fast, and all there is to repeat a run. */
function randomOf(seed: number): (below: number) => number {
  let state = (seed ^ 0x9e3779b9) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Bytes at which decoders go wrong. */
const sore = [0, 1, 2, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xed, 0xf4, 0xf5, 0xfe, 0xff];
const noiseBytesMax = 300;
const changesMax = 4;
const cutBytesMax = 40;

/** The next input: noise, or a sample with up to four bytes changed, cut, lengthened or crossed with another one. */
function drawInput(random: (below: number) => number, known: readonly Uint8Array[]): Uint8Array {
  const kind = random(16);
  if (kind === 0) {
    const noise = new Uint8Array(random(noiseBytesMax));
    for (let at = 0; at < noise.length; at++) noise[at] = random(256);
    return noise;
  }
  const source = known[random(known.length)] ?? new Uint8Array(0);
  let input: Uint8Array;
  if (kind === 1) input = source.slice(0, Math.max(0, source.length - random(cutBytesMax)));
  else if (kind === 2) {
    input = new Uint8Array(source.length + random(cutBytesMax));
    input.set(source);
  } else if (kind === 3) {
    const other = known[random(known.length)] ?? source;
    const at = random(source.length + 1);
    input = new Uint8Array(Math.max(at, other.length));
    input.set(other);
    input.set(source.subarray(0, at));
  } else {
    input = source.slice();
  }
  for (let change = random(changesMax + 1); change > 0 && input.length > 0; change--) {
    const at = random(input.length);
    const old = input[at] ?? 0;
    const how = random(4);
    if (how === 0) input[at] = random(256);
    else if (how === 1) input[at] = sore[random(sore.length)] ?? 0;
    else if (how === 2) input[at] = old ^ (1 << random(8));
    else input[at] = old + random(3) - 1;
  }
  return input;
}

/** What is wrong with a decoder's answer to an input, or `undefined`; `accepted` says whether it took it. */
function judge(target: FuzzTarget, input: Uint8Array): { readonly accepted: boolean; readonly what?: string } {
  let again: Uint8Array | undefined;
  try {
    again = target.again(input);
  } catch (error) {
    return { accepted: true, what: `threw ${String(error)}` };
  }
  if (again === undefined) return { accepted: false };
  return sameBytes(again, input) ? { accepted: true } : { accepted: true, what: `encodes again to ${toHex(again)}` };
}

/** Runs one decoder on so many inputs. The same seed gives the same inputs. Stops at the first fault. */
export function fuzz(target: FuzzTarget, inputs: number, seed: number): FuzzResult {
  const random = randomOf(seed);
  let accepted = 0;
  for (let done = 1; done <= inputs; done++) {
    const input = drawInput(random, target.samples);
    const { accepted: isAccepted, what } = judge(target, input);
    if (isAccepted) accepted++;
    if (what !== undefined) return { name: target.name, inputs: done, accepted, fault: { input: toHex(input), what } };
  }
  return { name: target.name, inputs, accepted, fault: undefined };
}
