/** Which words tell about a failure, by its code. */
import { type BanyanErrorCode, BanyanError } from '../../../client/api.ts';

export type FailureKind =
  | 'no-webrtc'
  | 'bad-link'
  | 'root-unreachable'
  | 'full'
  | 'no-path'
  | 'refused'
  | 'replaced'
  | 'removed'
  | 'locked'
  | 'forked'
  | 'unknown';

/** The codes that a visit can end with, or not come about; the rest are of what is done in a room, or of no moment. */
const kinds: Readonly<Partial<Record<BanyanErrorCode, FailureKind>>> = {
  'no-webrtc': 'no-webrtc',

  link: 'bad-link',
  argument: 'bad-link',
  admission: 'bad-link',

  'root-unreachable': 'root-unreachable',
  'root-down': 'root-unreachable',
  deadline: 'root-unreachable',

  full: 'full',

  closed: 'no-path',
  silent: 'no-path',
  'one-way': 'no-path',
  'connect-timeout': 'no-path',
  'hello-timeout': 'no-path',
  'link-auth': 'no-path',
  'no-ticket': 'no-path',
  'refused-full': 'no-path',
  'refused-ticket': 'no-path',
  'refused-stale': 'no-path',
  'refused-cycle': 'no-path',
  'refused-unanchored': 'no-path',
  unconfirmed: 'no-path',
  failed: 'no-path',

  malformed: 'refused',
  'out-of-turn': 'refused',
  'too-large': 'refused',
  rate: 'refused',
  challenge: 'refused',
  origin: 'refused',
  'not-registered': 'refused',

  replaced: 'replaced',
  removed: 'removed',
  locked: 'locked',
  forked: 'forked',
};

/** The kind of failure a code belongs to. */
export function failureKind(code: BanyanErrorCode): FailureKind {
  return kinds[code] ?? 'unknown';
}

/** The code of what was thrown; what the SDK does not throw is a mistake of this page, and goes to the console. */
export function codeOf(error: unknown): BanyanErrorCode {
  if (error instanceof BanyanError) return error.code;
  console.error(error);
  return 'internal';
}
