/** The primitives the client needs, by whichever library has them. Keys of 32 bytes, signatures of 64, tags of 16. */
export interface CryptoProvider {
  readonly name: 'web-crypto' | 'noble';
  newKey(): Promise<SigningKey>;
  /** The key pair that a 32-byte seed stands for. */
  keyFromSeed(seed: Uint8Array): Promise<SigningKey>;
  /**
   * Whether a signature is right. Cofactorless, as RFC 8032 allows and Web Crypto does; unsound keys are refused first (rule
   * S1). Never rejects.
   */
  verify(publicKey: Uint8Array, signature: Uint8Array, data: Uint8Array): Promise<boolean>;
  sha256(data: Uint8Array): Promise<Uint8Array>;
  /** HKDF-SHA-256 without salt. */
  hkdf(secret: Uint8Array, info: string, lengthBytes: number): Promise<Uint8Array>;
  /** AES-256-GCM under a 32-byte key. */
  cipher(key: Uint8Array): Promise<Cipher>;
}

export interface SigningKey {
  readonly publicKey: Uint8Array;
  sign(data: Uint8Array): Promise<Uint8Array>;
}

export interface Cipher {
  seal(iv: Uint8Array, aad: Uint8Array, data: Uint8Array): Promise<Uint8Array>;
  /** `undefined` when the tag is wrong. */
  open(iv: Uint8Array, aad: Uint8Array, data: Uint8Array): Promise<Uint8Array | undefined>;
}

/** Bytes that Web Crypto takes: typed arrays over plain buffers. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A copy over a plain buffer where needed; the type of views over received buffers does not say what they are over. */
export function plainBytes(data: Uint8Array): Bytes {
  return data.buffer instanceof ArrayBuffer ? (data as Bytes) : Uint8Array.from(data);
}

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
