/** What a root takes from the environment: addresses and secrets of other services, which a command line would show to all. */
import { isIceUrl, isTurnUrl, parseIceServers, type IceServer } from '../protocol/ice.ts';
import { iceServersMax, iceUrlsMax } from '../protocol/limits.ts';
import { isContact } from './security-text.ts';
import type { TurnOptions } from './turn.ts';

export interface Environment {
  readonly iceServers: readonly IceServer[];
  readonly turn: TurnOptions | undefined;
  readonly securityContact: string | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

function readTurn({
  BANYAN_TURN_URL: url = '',
  BANYAN_TURN_SECRET: secret = '',
}: Variables): TurnOptions | undefined | string {
  if (url === '' && secret === '') return undefined;
  if (url === '') return 'BANYAN_TURN_SECRET is set, but BANYAN_TURN_URL is not';
  if (secret === '') return 'BANYAN_TURN_URL is set, but BANYAN_TURN_SECRET is not';
  const urls = url.split(',').map((text) => text.trim());
  const wrong = urls.find((text) => !isIceUrl(text) || !isTurnUrl(text));
  if (wrong !== undefined) return `BANYAN_TURN_URL wants addresses such as turn:turn.example.org:3478, not '${wrong}'`;
  return urls.length > iceUrlsMax ? `BANYAN_TURN_URL has more than ${iceUrlsMax} addresses` : { urls, secret };
}

/** The settings, or what is wrong with them; secrets are never repeated. An empty variable counts as none. */
export function readEnvironment(variables: Variables): Environment | { readonly error: string } {
  const iceServers = parseIceServers(variables['BANYAN_ICE_SERVERS'] || '[]');
  if ('error' in iceServers) return { error: `BANYAN_ICE_SERVERS ${iceServers.error}`.replace(' :', ':') };
  const turn = readTurn(variables);
  if (typeof turn === 'string') return { error: turn };
  if (turn !== undefined && iceServers.length >= iceServersMax)
    return {
      error: `BANYAN_ICE_SERVERS leaves no room for BANYAN_TURN_URL: at most ${iceServersMax} servers are handed over`,
    };
  const securityContact = variables['BANYAN_SECURITY_CONTACT'] || undefined;
  if (securityContact !== undefined && !isContact(securityContact))
    return { error: `BANYAN_SECURITY_CONTACT wants a mailto:, https: or tel: address, not '${securityContact}'` };
  return { iceServers, turn, securityContact };
}
