/**
 * How bodies are written and read, and the shapes that several share. `decode` is total: `undefined` for anything but exactly one
 * encoding (rule W5), so that decoding and encoding again gives the same bytes.
 */
import type { NodeId, PeerRole } from '../../types.ts';
import { ByteReader, ByteWriter } from '../bytes.ts';

/** Writes and reads one shape of body. */
export interface BodyCodec<T> {
  encode(value: T): Uint8Array;
  decode(body: Uint8Array): T | undefined;
}

/** A codec out of two halves that mirror each other. Decoding is strict: `undefined` unless the reader ends exactly. */
export function codec<T>(write: (w: ByteWriter, value: T) => void, read: (r: ByteReader) => T): BodyCodec<T> {
  return {
    encode(value) {
      const writer = new ByteWriter();
      write(writer, value);
      return writer.finish();
    },
    decode(body) {
      const reader = new ByteReader(body);
      const value = read(reader);
      return reader.done ? value : undefined;
    },
  };
}

/** A count and as many ids. */
export function writeIds(w: ByteWriter, ids: readonly string[]): void {
  w.u8(ids.length);
  for (const id of ids) w.id(id);
}

/** What bounds a list before it is read: entries at most, and bytes of the smallest. */
export interface ListBounds {
  readonly countMax: number;
  readonly entryBytesMin: number;
}

/** So many entries, read one after the other. More than there may be, or than there are bytes for, fail before anything is made. */
export function readList<T>(
  r: ByteReader,
  count: number,
  { countMax, entryBytesMin }: ListBounds,
  entry: () => T,
): T[] {
  if (count > countMax || count * entryBytesMin > r.remaining) {
    r.failed = true;
    return [];
  }
  return Array.from({ length: count }, entry);
}

/** The ids of `writeIds`; `count` where it is written otherwise. */
export function readIds(r: ByteReader, countMax: number, count = r.u8()): NodeId[] {
  return readList(r, count, { countMax, entryBytesMin: 16 }, () => r.id(16) as NodeId);
}

/** The value, or a failure above `max`. */
export function bounded(r: ByteReader, value: number, max: number): number {
  if (value > max) r.failed = true;
  return value;
}

/** The value, or a failure at 0. */
export function atLeastOne(r: ByteReader, value: number): number {
  if (value < 1) r.failed = true;
  return value;
}

/** In the order of their numbers on the wire. */
export const roles: readonly PeerRole[] = ['peer', 'leaf', 'relay'];
