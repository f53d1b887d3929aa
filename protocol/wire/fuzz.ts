/**
 * Every decoder under inputs that a seed draws: random bytes, and samples that were bent. A decoder must be total, and give
 * nothing back that would not encode to exactly the bytes it read (rules W2, W5).
 */
import { defaultOptions } from '../core/peer-script.ts';
import { parseIceServers } from '../ice.ts';
import { decodeJournal, encodeJournal, type Journal } from '../journal.ts';
import type { NodeId, SessionId } from '../types.ts';
import * as bodies from './bodies.ts';
import { decodeUtf8, encodeUtf8, sameBytes, toHex } from './bytes.ts';
import { directBody, fileSecretBody } from './bodies/direct.ts';
import { decodeFrame } from './frame.ts';
import { decodePacket, encodePacket, type Packet } from './packet.ts';
import { Reunion } from './reunion.ts';
import { replyBody } from './bodies/talk.ts';
import { codecByShape, framesOf, samples, shapeOf } from './samples.ts';

/** How long a decoder may take for one input, ms. */
export const slowMs = 1;
/** Times that a slow input is tried again: what else goes on in the machine is slow now and then, a decoder every time. */
const slowTries = 5;

/** One decoder. */
export interface FuzzTarget {
  readonly name: string;
  /** Inputs that it takes. */
  readonly samples: readonly Uint8Array[];
  /** Whether what it takes has other spellings, too: text. It then only has to be total. */
  readonly hasSpellings?: boolean;
  /** What it makes of an input, encoded again; `undefined` when it refuses it. */
  again(input: Uint8Array): Uint8Array | undefined;
}

export interface FuzzResult {
  readonly name: string;
  readonly inputs: number;
  /** Inputs that the decoder took. */
  readonly accepted: number;
  /** The longest that an input took, ms, by the clock that was given. */
  readonly slowestMs: number;
  /** The first input that showed a fault, as hex, and what was wrong. */
  readonly fault: { readonly input: string; readonly what: string } | undefined;
}

/** The codecs of bodies that have a target: a test compares them with those there are. */
export const codecsFuzzed: unknown[] = [];

function bodyTarget<T>(name: string, codec: bodies.BodyCodec<T>, values: readonly Uint8Array[]): FuzzTarget {
  codecsFuzzed.push(codec);
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

/** A short one: what a page says when it is asked for it, and a replay reads. */
const journal: Journal = {
  publicKey: new Uint8Array(32).fill(1),
  id: fileKey.sender,
  options: { ...defaultOptions, disabled: new Set(['frontier']) },
  random: [1, 2],
  inputs: [
    { nowMs: 1, input: { kind: 'rootUp' } },
    { nowMs: 2.5, input: { kind: 'linkUp', link: 1, binding: new Uint8Array(32).fill(2) } },
  ],
};

/** Every decoder that reads what a network brought, and the two that read text. */
export const fuzzTargets: readonly FuzzTarget[] = [
  { name: 'packet', samples: samples.map(encodePacket), again: packetAgain },
  {
    name: 'frame',
    samples: [[3], [1, 40], [20, 1, 30]].flatMap((sizes) =>
      framesOf(sizes.map((size) => new Uint8Array(size).fill(1))),
    ),
    again: (input) => {
      const packets = decodeFrame(input);
      return packets && framesOf(packets)[0];
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
  bodyTarget('file-secret', fileSecretBody, [
    fileSecretBody.encode({ file: 3, key: new Uint8Array(32).fill(9), name: 'a.png', type: 'image/png' }),
  ]),
  bodyTarget('reply', replyBody, [
    replyBody.encode({ sender: fileKey.sender, session: fileKey.session, seq: 7, index: 1, text: encodeUtf8('yes') }),
  ]),
  bodyTarget('cancel', bodies.cancelBody, [bodies.cancelBody.encode({ file: 3 })]),
  {
    name: 'journal',
    samples: [encodeUtf8(encodeJournal(journal))],
    hasSpellings: true,
    again: (input) => {
      const text = decodeUtf8(input);
      const read = text === undefined ? undefined : decodeJournal(text);
      return read && encodeUtf8(encodeJournal(read));
    },
  },
  {
    name: 'ice-servers',
    samples: ['[]', '[{"urls":["stun:a.example"]}]', '[{"urls":"turn:b.example","username":"u","credential":"c"}]'].map(
      encodeUtf8,
    ),
    hasSpellings: true,
    again: (input) => {
      const text = decodeUtf8(input);
      const read = text === undefined ? undefined : parseIceServers(text);
      return read === undefined || 'error' in read ? undefined : encodeUtf8(JSON.stringify(read));
    },
  },
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
  return target.hasSpellings === true || sameBytes(again, input)
    ? { accepted: true }
    : { accepted: true, what: `encodes again to ${toHex(again)}` };
}

/** How long an input takes, ms: the best of some tries once it took a tenth of what is too long. */
function timed(target: FuzzTarget, input: Uint8Array, firstMs: number, clock: () => number): number {
  let bestMs = firstMs;
  for (let again = 0; again < slowTries && bestMs >= slowMs / 10; again++) {
    const startedMs = clock();
    judge(target, input);
    bestMs = Math.min(bestMs, clock() - startedMs);
  }
  return bestMs;
}

/**
 * Runs one decoder on so many inputs. The same seed gives the same inputs. Stops at the first fault. `clock` gives ms; without
 * one, nothing is slow.
 */
export function fuzz(target: FuzzTarget, inputs: number, seed: number, clock: () => number = () => 0): FuzzResult {
  const random = randomOf(seed);
  let accepted = 0;
  let slowestMs = 0;
  for (let done = 1; done <= inputs; done++) {
    const input = drawInput(random, target.samples);
    const startedMs = clock();
    const { accepted: isAccepted, what } = judge(target, input);
    const tookMs = timed(target, input, clock() - startedMs, clock);
    slowestMs = Math.max(slowestMs, tookMs);
    if (isAccepted) accepted++;
    const fault = what ?? (tookMs >= slowMs ? `took ${tookMs.toFixed(2)} ms` : undefined);
    if (fault === undefined) continue;
    return { name: target.name, inputs: done, accepted, slowestMs, fault: { input: toHex(input), what: fault } };
  }
  return { name: target.name, inputs, accepted, slowestMs, fault: undefined };
}
