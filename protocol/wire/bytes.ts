/** Strict reading and writing of bytes. Neither needs a DOM or Node: the pure core decodes UTF-8 itself. */

const hexDigits = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'));

/** What newer engines have of their own: several times as fast, and each packet has four ids. */
const { toHex: nativeToHex } = Uint8Array.prototype as { readonly toHex?: (this: Uint8Array) => string };

/** Lower-case hex of some bytes. */
export function toHex(bytes: Uint8Array): string {
  if (nativeToHex) return nativeToHex.call(bytes);
  let text = '';
  for (const byte of bytes) text += hexDigits[byte] ?? '';
  return text;
}

/** Bytes of a hex string. Wants an even count of hex digits: ids are made by this module only. */
export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length >> 1);
  writeHex(text, bytes, 0);
  return bytes;
}

/** Writes the bytes of a hex string into a buffer. */
export function writeHex(text: string, bytes: Uint8Array, at: number): void {
  for (let i = 0; i + 1 < text.length; i += 2) {
    bytes[at + (i >> 1)] = (hexValue(text.charCodeAt(i)) << 4) | hexValue(text.charCodeAt(i + 1));
  }
}

function hexValue(code: number): number {
  return code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57;
}

/** FNV-1a over a string's code units: a 32-bit hash for digests, not for security. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Mixes a number into a 32-bit hash. */
export function mixHash(hash: number, value: number): number {
  let h = Math.imul(hash ^ value, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}

/** Whether two byte arrays hold the same. Not constant-time: nothing secret is compared with it. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** UTF-8 bytes of a string; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const out: number[] = [];
  for (const symbol of text) {
    let code = symbol.codePointAt(0) ?? 0xfffd;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) out.push(code);
    else if (code < 0x800) out.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) out.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else out.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return Uint8Array.from(out);
}

/** The string that some bytes encode, or `undefined` when they are not well-formed, shortest-form UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  let text = '';
  for (let i = 0; i < bytes.length;) {
    const first = bytes[i] ?? 0;
    const extra = first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
    if (extra < 0 || i + extra >= bytes.length) return undefined;
    let code = extra === 0 ? first : first & (0x3f >> extra);
    for (let j = 1; j <= extra; j++) {
      const next = bytes[i + j] ?? 0;
      if ((next & 0xc0) !== 0x80) return undefined;
      code = (code << 6) | (next & 63);
    }
    const tooLong = (extra === 2 && code < 0x800) || (extra === 3 && code < 0x10000);
    if (tooLong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
    text += String.fromCodePoint(code);
    i += extra + 1;
  }
  return text;
}

/** What a writer starts with, in bytes: a frame fits. */
const spareBytes = 16_384;
let spare: Uint8Array | undefined;

/** Appends fixed-size big-endian values to one growing buffer. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor() {
    // Most writers live for one body: they share a buffer, and whoever comes while it is taken gets one of its own.
    this.#bytes = spare ?? new Uint8Array(spareBytes);
    spare = undefined;
  }

  #room(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return at;
  }

  u8(value: number): this {
    const at = this.#room(1);
    this.#bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.#room(2);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
    return this;
  }

  u32(value: number): this {
    const at = this.#room(4);
    const bytes = this.#bytes;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    return this;
  }

  /** A whole number up to 2^48 - 1: milliseconds since 1970, epochs. */
  u48(value: number): this {
    return this.u16(Math.floor(value / 0x100000000)).u32(value % 0x100000000);
  }

  raw(bytes: Uint8Array): this {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** An id: the bytes its hex digits stand for. */
  id(hex: string): this {
    const at = this.#room(hex.length >> 1);
    writeHex(hex, this.#bytes, at);
    return this;
  }

  /** A string with its UTF-8 length in one byte. */
  text8(text: string): this {
    const bytes = encodeUtf8(text);
    return this.u8(bytes.length).raw(bytes);
  }

  get length(): number {
    return this.#length;
  }

  /** A copy of what was written. The writer is done with. */
  finish(): Uint8Array {
    const written = this.#bytes.slice(0, this.#length);
    spare ??= this.#bytes;
    this.#bytes = written;
    return written;
  }
}

/**
 * Reads what `ByteWriter` wrote. Past the end it returns zeros and turns `failed` on, so that a decoder can read its
 * fields in a row and check once; it never throws and never allocates more than it was given.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  #take(count: number): number {
    if (this.failed || this.#at + count > this.#bytes.length) {
      this.failed = true;
      return -1;
    }
    const at = this.#at;
    this.#at += count;
    return at;
  }

  u8(): number {
    const at = this.#take(1);
    return at < 0 ? 0 : (this.#bytes[at] ?? 0);
  }

  u16(): number {
    return (this.u8() << 8) | this.u8();
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  u48(): number {
    return this.u16() * 0x100000000 + this.u32();
  }

  /** A view, not a copy. */
  raw(count: number): Uint8Array {
    const at = this.#take(count);
    return at < 0 ? new Uint8Array(0) : this.#bytes.subarray(at, at + count);
  }

  id(bytes: number): string {
    const raw = this.raw(bytes);
    return this.failed ? '0'.repeat(bytes * 2) : toHex(raw);
  }

  text8(maxBytes: number): string {
    const length = this.u8();
    if (length > maxBytes) this.failed = true;
    const text = decodeUtf8(this.raw(length));
    if (text === undefined) this.failed = true;
    return text ?? '';
  }

  /** A value that must be one of a closed list; its index is on the wire. */
  oneOf<T>(values: readonly T[]): T {
    const value = values[this.u8()];
    if (value === undefined) this.failed = true;
    return value ?? (values[0] as T);
  }

  bool(): boolean {
    const value = this.u8();
    if (value > 1) this.failed = true;
    return value === 1;
  }

  get remaining(): number {
    return this.failed ? 0 : this.#bytes.length - this.#at;
  }

  /** Whether everything was there and nothing is left over. */
  get done(): boolean {
    return !this.failed && this.#at === this.#bytes.length;
  }
}
