/**
 * Room links: `<root>/#<secret>`, or `<root>/#<secret>.<owner>` for a room with an owner. The secret is 16 random bytes and never
 * leaves the fragment; the owner is the id of a key, 16 bytes, too.
 */
import { Recent } from '../protocol/recent.ts';
import { roomIdInput } from '../protocol/room-id.ts';
import { noNode, type NodeId, type RoomId } from '../protocol/types.ts';
import { toHex } from '../protocol/wire/bytes.ts';
import { BanyanError } from './api.ts';
import { cryptoProvider } from './crypto/choose.ts';
import type { Cipher, CryptoProvider, SigningKey } from './crypto/provider.ts';

const secretBytes = 16;
const ownerBytes = 16;
const keyBytes = 32;

export interface RoomLink {
  /** Where the root is: scheme, host and port. */
  readonly rootUrl: string;
  readonly secret: Uint8Array;
  /** Id of the owner's key; `noNode` in a room without an owner. */
  readonly owner: NodeId;
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

/** One secret has one spelling, so that equal rooms have equal links. */
function decodePart(text: string, lengthBytes: number): Uint8Array | undefined {
  const bytes = decodeBase64Url(text);
  return bytes?.length === lengthBytes && encodeBase64Url(bytes) === text ? bytes : undefined;
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

/** A key to be somebody under, 32 random bytes as text: for `identity`. */
export function createIdentity(): string {
  return encodeBase64Url(crypto.getRandomValues(new Uint8Array(keyBytes)));
}

/** The seed that a text from `createIdentity` or `createOwnedRoom` stands for. Throws `argument` for any other. */
export function parseIdentity(text: string): Uint8Array {
  const seed = decodeBase64Url(text);
  if (seed?.length !== keyBytes) throw new BanyanError('argument', 'not a key of createIdentity or createOwnedRoom');
  return seed;
}

/**
 * A new room that somebody owns, and the key that is its owner. Keep the key: whoever has it rules the room, and nobody can make
 * it again. Rejects with `argument` as `createRoomLink` throws.
 */
export async function createOwnedRoom(rootUrl: string): Promise<{ readonly link: string; readonly ownerKey: string }> {
  const link = createRoomLink(rootUrl);
  const ownerKey = createIdentity();
  const provider = await cryptoProvider();
  const { publicKey } = await provider.keyFromSeed(parseIdentity(ownerKey));
  const owner = (await provider.sha256(publicKey)).subarray(0, ownerBytes);
  return { link: `${link}.${encodeBase64Url(owner)}`, ownerKey };
}

/** Takes a link apart. Throws `link` when its secret is missing or damaged, `argument` when it is no address. */
export function parseRoomLink(link: string): RoomLink {
  const url = parseUrl(link);
  const [secretText = '', ownerText, ...rest] = url.hash.slice(1).split('.');
  const secret = decodePart(secretText, secretBytes);
  const owner = ownerText === undefined ? undefined : decodePart(ownerText, ownerBytes);
  if (secret === undefined || rest.length > 0 || (ownerText !== undefined && owner === undefined)) {
    throw new BanyanError('link', 'the link has no whole secret behind its #: ask for it again');
  }
  return { rootUrl: url.origin, secret, owner: owner === undefined ? noNode : (toHex(owner) as NodeId) };
}

/** What follows from a room's secret. None of it but the room id ever reaches the root. */
export interface RoomKeys {
  readonly room: RoomId;
  readonly owner: NodeId;
  /** Its public half, with the owner if there is one, makes the room id (rule O1); its signature is the proof of knowing the secret (rule R3). */
  readonly admission: SigningKey;
  readonly signals: Cipher;
  /** The key of one sender's session (rule S3). */
  stream(sender: Uint8Array, session: string): Promise<Cipher>;
}

/** Stream keys that are kept: as many as a large room has senders. */
const streamsKept = 1_024;

export async function deriveRoom(
  secret: Uint8Array,
  provider: CryptoProvider,
  owner: NodeId = noNode,
): Promise<RoomKeys> {
  const admission = await provider.keyFromSeed(await provider.hkdf(secret, 'banyan-1 admission', 32));
  const signals = await provider.cipher(await provider.hkdf(secret, 'banyan-1 signals', 32));
  const streams = new Recent<Promise<Cipher>>(streamsKept);
  return {
    room: toHex(
      owner === noNode ? admission.publicKey : await provider.sha256(roomIdInput(admission.publicKey, owner)),
    ) as RoomId,
    owner,
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
