/** Addresses: this machine's own, and the prefix by which sockets are counted. */
import { networkInterfaces } from 'node:os';

/** IPv4 addresses of this machine that other devices of the LAN may reach. */
export function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => address.family === 'IPv4' && !address.internal)
    .map((address) => address.address);
}

/** What sockets of one place share: the IPv4 address, or the first 64 bits of the IPv6 one. */
export function addressPrefix(ip: string): string {
  const v4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (v4 !== undefined) return v4;
  const [head = '', tail] = ip.split('::');
  const front = head.split(':').filter((group) => group !== '');
  const back = (tail ?? '').split(':').filter((group) => group !== '');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array.from({ length: zeros }, () => '0'), ...back];
  return groups
    .slice(0, 4)
    .map((group) => group.toLowerCase().padStart(4, '0'))
    .join(':');
}

/** Host part of a URL for an address. */
export function urlHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
