/** Addresses: this machine's own, and the prefixes by which sockets are counted. */
import { networkInterfaces } from 'node:os';
import { siteShare } from '../protocol/limits.ts';

/** IPv4 addresses of this machine that other devices of the LAN may reach. */
export function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => address.family === 'IPv4' && !address.internal)
    .map((address) => address.address);
}

/** Something that sockets of one place share, and how much of the bounds of one address it has. */
export interface AddressPrefix {
  readonly key: string;
  readonly share: number;
}

/** What an address counts as: the IPv4 address; of an IPv6 one the first 64 bits, and the first 48, which get four times as much. */
export function addressPrefixes(ip: string): readonly AddressPrefix[] {
  const v4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (v4 !== undefined) return [{ key: v4, share: 1 }];
  const [head = '', tail] = (ip.split('%')[0] ?? '').split('::');
  const front = head.split(':').filter((group) => group !== '');
  const back = (tail ?? '').split(':').filter((group) => group !== '');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array.from({ length: zeros }, () => '0'), ...back].map((group) =>
    group.toLowerCase().padStart(4, '0'),
  );
  return [
    { key: groups.slice(0, 4).join(':'), share: 1 },
    { key: `${groups.slice(0, 3).join(':')}::/48`, share: siteShare },
  ];
}

/** Host part of a URL for an address. */
export function urlHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
