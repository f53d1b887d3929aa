import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { clientAddress } from './client-address.ts';

function from(remoteAddress: string, forwarded?: string | string[]): IncomingMessage {
  return { socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } } as unknown as IncomingMessage;
}

describe('address of a client', () => {
  it('is the connection’s own unless proxies are trusted, whatever a header says', () => {
    expect(clientAddress(from('192.0.2.1', '203.0.113.9'), 0)).toBe('192.0.2.1');
    expect(clientAddress(from('192.0.2.1'), 2)).toBe('192.0.2.1');
  });

  it('is what the farthest trusted proxy saw: what a client wrote before it does not count', () => {
    const forged = '198.51.100.66, 203.0.113.9, 10.0.0.2';
    expect(clientAddress(from('10.0.0.1', forged), 1)).toBe('10.0.0.2');
    expect(clientAddress(from('10.0.0.1', forged), 2)).toBe('203.0.113.9');
    expect(clientAddress(from('10.0.0.1', ['198.51.100.66, 203.0.113.9', '10.0.0.2']), 2)).toBe('203.0.113.9');
    // Shorter than it should be: the first there is.
    expect(clientAddress(from('10.0.0.1', '203.0.113.9'), 3)).toBe('203.0.113.9');
  });

  it('is written in several ways, and what is no address ends the search', () => {
    expect(clientAddress(from('10.0.0.1', '203.0.113.9:51234'), 1)).toBe('203.0.113.9');
    expect(clientAddress(from('10.0.0.1', '[2001:db8::1]:443'), 1)).toBe('2001:db8::1');
    expect(clientAddress(from('10.0.0.1', '2001:db8::1'), 1)).toBe('2001:db8::1');
    for (const nonsense of ['unknown', '', '_hidden', '1.2.3.4.5', ',,,'])
      expect(clientAddress(from('10.0.0.1', nonsense), 1)).toBe('10.0.0.1');
    expect(clientAddress(from('10.0.0.1', '203.0.113.9, unknown, 10.0.0.2'), 3)).toBe('10.0.0.2');
  });
});
