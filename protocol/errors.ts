/**
 * Every failure the protocol can name, as closed unions of codes. Text for people is made elsewhere from these codes.
 * Order matters: the index of a code is its number on the wire (rule W9); new codes go at the end.
 */

/** Why the root refused or ended something. */
export const rootErrorCodes = [
  'malformed',
  'out-of-turn',
  'too-large',
  'rate',
  'challenge',
  'admission',
  'origin',
  'full',
  'no-ticket',
  'replaced',
  'deadline',
  'not-registered',
  'internal',
  'removed',
  'locked',
] as const;
export type RootErrorCode = (typeof rootErrorCodes)[number];

/** Why a peer gave up on a link, refused one, or complains about a parent. */
export const linkReasons = [
  'none',
  'closed',
  'silent',
  'one-way',
  'connect-timeout',
  'hello-timeout',
  'refused-full',
  'refused-ticket',
  'refused-stale',
  'refused-cycle',
  'refused-unanchored',
  'link-auth',
  'bad-packets',
  'cycle',
  'unconfirmed',
  'left',
  'moved',
  'replaced',
  'failed',
  'removed',
  'locked',
  'dropped',
] as const;
export type LinkReason = (typeof linkReasons)[number];

/** Reasons that a state change or an error gives: any of the above, the user's own wish, or a sender's fork (rule K2). */
export type ReasonCode = RootErrorCode | LinkReason | 'user' | 'root-down' | 'forked';

/** Why `parseBuf` refused some bytes. Counted, never thrown. */
export type DecodeErrorCode = 'short' | 'trailing' | 'version' | 'type' | 'action' | 'flags' | 'length' | 'value';
