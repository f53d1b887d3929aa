/** Which words tell about a failure, by its code. */
import { type BanyanErrorCode } from '../../../client/api.ts';

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

const kinds: Readonly<Record<BanyanErrorCode, FailureKind>> = {
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

  none: 'unknown',
  internal: 'unknown',
  'bad-packets': 'unknown',
  dropped: 'unknown',
  cycle: 'unknown',
  left: 'unknown',
  moved: 'unknown',
  user: 'unknown',
  aborted: 'unknown',
  busy: 'unknown',
  'left-room': 'unknown',
  'unknown-member': 'unknown',
  cancelled: 'unknown',
  storage: 'unknown',
  'file-too-large': 'unknown',
  'file-unreadable': 'unknown',
  'file-damaged': 'unknown',
  'file-gone': 'unknown',
  'not-owner': 'unknown',
  'may-not-speak': 'unknown',
};

/** The kind of failure a code belongs to. */
export function failureKind(code: BanyanErrorCode): FailureKind {
  return kinds[code];
}
