/** Checks of what callers hand in, with errors that say what is wrong. */
import { isTurnUrl } from '../protocol/ice.ts';
import {
  channelBytesMax,
  chunkBytesMax,
  clientsDefault,
  clientsMax,
  fileNameBytesMax,
  fileSizeMax,
  fileTypeBytesMax,
  messageBodyBytesMax,
  nameBytesMax,
} from '../protocol/limits.ts';
import type { NodeId, PeerRole } from '../protocol/types.ts';
import { BanyanError, type FileOptions, type HistoryLimit, type RoomOptions, type SendOptions } from './api.ts';
import { sealedLayout } from '../protocol/wire/bodies/direct.ts';
import { replyBody } from '../protocol/wire/bodies/talk.ts';
import { utf8 } from './crypto/provider.ts';
import { parseIdentity } from './room-link.ts';
import { placeOf } from './message-id.ts';

export interface CheckedOptions {
  readonly name: string;
  readonly clientsMax: number;
  readonly role: PeerRole;
  readonly history: boolean;
  /** How much of it; `undefined` for all. */
  readonly historyLimit: HistoryLimit | undefined;
  /** `undefined` for those that the root hands over. Without either a room works within one network. */
  readonly iceServers: readonly RTCIceServer[] | undefined;
  readonly hideAddress: boolean;
  /** Seed of the key to come under; `undefined` for a new one. */
  readonly seed: Uint8Array | undefined;
  readonly isOwner: boolean;
  /** `undefined` for what the place of storage allows. */
  readonly fileBytesMax: number | undefined;
}

/** Control, format (bidirectional among them) and surrogate characters; what joins letters and emoji stays. */
const unwanted = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** A name shows something. */
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** A name as others may see it: normalised, one line, at most 64 bytes of UTF-8. */
export function normalizeName(name: string): string {
  // What is taken out may have stood between two spaces, or between a letter and its accent.
  const clean = name.replace(/\s+/gu, ' ').replace(unwanted, '').replace(/ +/gu, ' ').normalize('NFC').trim();
  let short = '';
  for (const symbol of clean) {
    if (utf8(short + symbol).length > nameBytesMax) break;
    short += symbol;
  }
  return visible.test(short) ? short.trim() : '';
}

function argument(message: string): BanyanError {
  return new BanyanError('argument', message);
}

/** Whether this is a phone: a small screen worked by finger. Phones keep their battery for themselves. */
function isPhone(): boolean {
  if (typeof matchMedia === 'undefined') return false;
  // Chromium says it outright.
  const { userAgentData } = navigator as { readonly userAgentData?: { readonly mobile?: boolean } };
  if (userAgentData?.mobile === true) return true;
  return matchMedia('(pointer: coarse) and (max-width: 600px), (pointer: coarse) and (max-height: 600px)').matches;
}

function isRelay({ urls }: RTCIceServer): boolean {
  return [urls].flat().some((url) => typeof url === 'string' && isTurnUrl(url));
}

export function checkOptions(options: RoomOptions): CheckedOptions {
  const {
    name = '',
    maxClients,
    role,
    history = true,
    iceServers,
    hideAddress = false,
    onState,
    fileBytesMax,
    ownerKey,
    identity,
  } = options;
  const key = ownerKey ?? identity;
  const seed = key === undefined ? undefined : parseIdentity(key);
  if (typeof name !== 'string') throw argument('name must be a string');
  if (role !== undefined && !['peer', 'leaf', 'relay'].includes(role))
    throw argument('role must be peer, leaf or relay');
  if (maxClients !== undefined && !(Number.isInteger(maxClients) && maxClients >= 0 && maxClients <= clientsMax)) {
    throw argument(`maxClients must be a whole number from 0 to ${clientsMax}`);
  }
  const historyLimit = checkHistory(history);
  if (onState !== undefined && typeof onState !== 'function') throw argument('onState must be a function');
  if (iceServers !== undefined && !Array.isArray(iceServers)) throw argument('iceServers must be an array');
  if (typeof hideAddress !== 'boolean') throw argument('hideAddress must be true or false');
  if (hideAddress && iceServers !== undefined && !iceServers.some(isRelay))
    throw argument('hideAddress needs a TURN server among iceServers, or none of them for those of the root');
  if (fileBytesMax !== undefined && !isCount(fileBytesMax))
    throw argument('fileBytesMax must be a whole number of bytes');
  const leaf = role === 'leaf' || maxClients === 0 || (role === undefined && maxClients === undefined && isPhone());
  return {
    name: normalizeName(name),
    role: leaf ? 'leaf' : (role ?? 'peer'),
    clientsMax: leaf ? (maxClients ?? 0) : (maxClients ?? (role === 'relay' ? clientsMax : clientsDefault)),
    history: historyLimit === undefined ? history === true : historyLimit.messages > 0,
    historyLimit,
    iceServers,
    hideAddress,
    seed,
    isOwner: ownerKey !== undefined,
    fileBytesMax,
  };
}

function checkHistory(history: unknown): HistoryLimit | undefined {
  if (typeof history === 'boolean') return undefined;
  const { messages, bytes } = (history ?? {}) as Partial<HistoryLimit>;
  if (!isCount(messages) || !isCount(bytes))
    throw argument('history must be a boolean or { messages, bytes }, whole numbers');
  return { messages, bytes };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** What no file system takes in a name, and dots at its ends. */
const unfitForFiles = /[/\\:*?"<>|]/gu;
const endDots = /^[.\s]+|[.\s]+$/gu;

/** A file's name fit for any file system: one line, at most 200 bytes of UTF-8 with its ending kept; `file` when none is left. */
export function cleanFileName(name: string): string {
  const clean = name
    .normalize('NFC')
    .replace(/\s+/gu, ' ')
    .replace(unwanted, '')
    .replace(unfitForFiles, '_')
    .replace(endDots, '');
  const ending = /\.[^.]{1,16}$/u.exec(clean)?.[0] ?? '';
  let short = '';
  for (const symbol of clean.slice(0, clean.length - ending.length)) {
    if (utf8(short + symbol + ending).length > fileNameBytesMax) break;
    short += symbol;
  }
  return visible.test(short) ? short + ending : `file${ending}`;
}

export interface CheckedFile {
  readonly name: string;
  readonly type: string;
  /** `undefined` for a stream that does not say. */
  readonly size: number | undefined;
  readonly to: NodeId | undefined;
}

function tooLarge(size: number): BanyanError {
  return new BanyanError('file-too-large', `a file of ${size} bytes; at most ${fileSizeMax} can be sent`);
}

/** A stream that turns out larger than what may be sent ends with the same error. */
export function checkFileSize(size: number): void {
  if (size > fileSizeMax) throw tooLarge(size);
}

export function checkFile(file: Blob | ReadableStream<Uint8Array>, options: FileOptions): CheckedFile {
  const given: unknown = file;
  const isBlob = given instanceof Blob;
  if (!isBlob && !(typeof ReadableStream !== 'undefined' && given instanceof ReadableStream))
    throw argument('file must be a Blob, a File or a ReadableStream of bytes');
  const { to, signal } = options;
  const { name = isBlob && 'name' in given ? given.name : 'file', size = isBlob ? given.size : undefined } = options;
  if (typeof name !== 'string') throw argument('name must be a string');
  if (options.type !== undefined && (typeof options.type !== 'string' || utf8(options.type).length > fileTypeBytesMax))
    throw argument(`type must be a string of at most ${fileTypeBytesMax} bytes`);
  const blobType = isBlob && utf8(given.type).length <= fileTypeBytesMax ? given.type : '';
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0))
    throw argument('size must be a number of bytes');
  if (isBlob && size !== given.size) throw argument('size is not the size of the Blob');
  if (size !== undefined) checkFileSize(to === undefined ? size : sealedLayout(size, chunkBytesMax).sizeBytes);
  if (!isBlob && given.locked) throw argument('this stream is being read by somebody else');
  if (to !== undefined && !/^[0-9a-f]{32}$/.test(to)) throw argument('to must be the id of a member');
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw argument('signal must be an AbortSignal');
  return { name: cleanFileName(name), type: options.type ?? blobType, size, to };
}

/** A channel's name, checked. */
export function checkChannel(channel: string): void {
  if (typeof channel !== 'string' || utf8(channel).length > channelBytesMax) {
    throw argument(`channel must be a string of at most ${channelBytesMax} bytes`);
  }
}

/** A message as it goes out: its body and its options checked. */
export function checkMessage(
  body: string | Uint8Array,
  options: SendOptions,
): { readonly content: 'text' | 'bytes' | 'reply'; readonly data: Uint8Array } {
  if (typeof body !== 'string' && !(body instanceof Uint8Array))
    throw argument('body must be a string or a Uint8Array');
  const data = typeof body === 'string' ? utf8(body) : Uint8Array.from(body);
  if (data.length > messageBodyBytesMax) {
    throw argument(`body is ${data.length} bytes; at most ${messageBodyBytesMax} go into one message`);
  }
  const { to, channel, replyTo } = options;
  if (to !== undefined && !/^[0-9a-f]{32}$/.test(to)) throw argument('to must be the id of a member');
  if (channel !== undefined) checkChannel(channel);
  if (replyTo === undefined) return { content: typeof body === 'string' ? 'text' : 'bytes', data };
  if (typeof body !== 'string') throw argument('only a text can be an answer');
  const answered = placeOf(replyTo);
  if (answered === undefined) throw argument('replyTo must be the id of a message');
  return { content: 'reply', data: replyBody.encode({ ...answered, text: data }) };
}
