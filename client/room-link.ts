/** Room links: `<root>/#<secret>`. The secret is 16 random bytes and never leaves the fragment. */
import { toHex } from '../protocol/wire/bytes.ts';
import type { RoomId } from '../protocol/types.ts';
import { BanyanError } from './api.ts';
import type { Cipher, CryptoProvider, SigningKey } from './crypto/provider.ts';
import { Recent } from './crypto/recent.ts';

const secretBytes = 16;

export interface RoomLink {
  /** Where the root is: scheme, host and port. */
  readonly rootUrl: string;
  readonly secret: Uint8Array;
}

function encodeBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

function decodeBase64Url(text: string): Uint8Array | undefined {
  if (!/^[\w-]+$/.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (symbol) => symbol.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function parseUrl(text: string): URL {
  try {
    const url = new URL(text);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  } catch {
    // Said below.
  }
  throw new BanyanError('argument', 'not an http or https address');
}

/** A link to a new room at this root. Throws `argument` for anything that is no http(s) address. */
export function createRoomLink(rootUrl: string): string {
  const url = parseUrl(rootUrl);
  url.hash = encodeBase64Url(crypto.getRandomValues(new Uint8Array(secretBytes)));
  url.search = '';
  return url.href;
}

/** Takes a link apart. Throws `link` when its secret is missing or damaged, `argument` when it is no address. */
export function parseRoomLink(link: string): RoomLink {
  const url = parseUrl(link);
  const secret = decodeBase64Url(url.hash.slice(1));
  // One secret has one spelling, so that equal rooms have equal links.
  if (secret?.length !== secretBytes || encodeBase64Url(secret) !== url.hash.slice(1)) {
    throw new BanyanError('link', 'the link has no whole secret behind its #: ask for it again');
  }
  return { rootUrl: url.origin, secret };
}

/** What follows from a room's secret. None of it but the room id ever reaches the root. */
export interface RoomKeys {
  readonly room: RoomId;
  /** Its public half is the room id; its signature is the proof of knowing the secret (rule R3). */
  readonly admission: SigningKey;
  readonly signals: Cipher;
  /** The key of one sender's session (rule S3). */
  stream(sender: Uint8Array, session: string): Promise<Cipher>;
}

/** Stream keys that are kept: as many as a large room has senders. */
const streamsKept = 1_024;

export async function deriveRoom(secret: Uint8Array, provider: CryptoProvider): Promise<RoomKeys> {
  const admission = await provider.keyFromSeed(await provider.hkdf(secret, 'banyan-1 admission', 32));
  const signals = await provider.cipher(await provider.hkdf(secret, 'banyan-1 signals', 32));
  const streams = new Recent<Promise<Cipher>>(streamsKept);
  return {
    room: toHex(admission.publicKey) as RoomId,
    admission,
    signals,
    stream: (sender, session) => {
      const name = `${toHex(sender)} ${session}`;
      return streams.getOr(name, async () =>
        provider.cipher(await provider.hkdf(secret, `banyan-1 stream ${name}`, 32)),
      );
    },
  };
}
