/** TURN credentials that coturn makes out by itself (`use-auth-secret`), and what a root hands to its peers. */
import { createHmac } from 'node:crypto';
import type { IceServer } from '../protocol/ice.ts';
import { turnLifeMs } from '../protocol/limits.ts';
import type { IceBody } from '../protocol/wire/bodies/ice.ts';

export interface TurnOptions {
  /** `turn:` or `turns:` addresses of one server. */
  readonly urls: readonly string[];
  /** What the server has as `static-auth-secret`. Never leaves the root. */
  readonly secret: string;
}

/**
 * A credential that is good for `lifeMs`: its username is the second in which it ends, its password the HMAC-SHA1 of that under
 * the secret, in base64. It names nobody.
 */
export function turnCredential(
  secret: string,
  nowMs: number,
  lifeMs = turnLifeMs,
): { readonly username: string; readonly credential: string } {
  const username = `${Math.floor((nowMs + lifeMs) / 1_000)}`;
  return { username, credential: createHmac('sha1', secret).update(username).digest('base64') };
}

/** Gives what a peer is handed at a time, ms since 1970; `undefined` when there is nothing to hand. */
export function iceGrants(
  servers: readonly IceServer[],
  turn: TurnOptions | undefined,
  lifeMs = turnLifeMs,
): ((nowMs: number) => IceBody) | undefined {
  if (turn === undefined) return servers.length === 0 ? undefined : () => ({ servers, lifeMs: 0 });
  return (nowMs) => {
    const relay = { urls: turn.urls, ...turnCredential(turn.secret, nowMs, lifeMs) };
    return { servers: [...servers, relay], lifeMs };
  };
}
