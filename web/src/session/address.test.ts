import { describe, expect, it } from 'vitest';
import { fragmentOf, ownerOf, readAddress } from './address.ts';

describe('readAddress', () => {
  it('without a fragment names no room', () => {
    expect(readAddress('http://localhost:3000/')).toEqual({
      roomLink: undefined,
      rootUrl: 'http://localhost:3000/',
      name: undefined,
      joinsAtOnce: false,
      options: {},
    });
    expect(readAddress('http://localhost:3000/#').roomLink).toBeUndefined();
  });

  it('keeps the query out of the link that is shared', () => {
    const address = readAddress('https://example.org/sub/?name=Ana&k=2&ice=off&join=1#secret');
    expect(address.roomLink).toBe('https://example.org/sub/#secret');
    expect(address.name).toBe('Ana');
    expect(address.joinsAtOnce).toBe(true);
    expect(address.options).toEqual({ maxClients: 2, iceServers: [] });
  });

  it('hides the address when told to', () => {
    expect(readAddress('https://example.org/?hide=1#secret').options).toEqual({ hideAddress: true });
    expect(readAddress('https://example.org/?hide=0').options).toEqual({});
  });

  it.each(['9', '-1', '2.5', 'x', ''])('takes no k of %j', (k) => {
    expect(readAddress(`https://example.org/?k=${k}`).options).toEqual({});
  });

  it('gives the owner of a link', () => {
    expect(ownerOf('https://example.org/?k=2#secret.owner')).toBe('owner');
    expect(ownerOf('https://example.org/#secret')).toBeUndefined();
    expect(ownerOf('https://example.org/')).toBeUndefined();
  });

  it('gives the fragment of a link', () => {
    expect(fragmentOf('https://example.org/#abc')).toBe('#abc');
  });
});
