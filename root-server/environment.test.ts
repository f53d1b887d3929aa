import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from './environment.ts';
import { iceGrants, turnCredential } from './turn.ts';

describe('environment', () => {
  it('holds nothing, or what is needed to connect peers that no direct way connects', () => {
    const nothing = { iceServers: [], turn: undefined, securityContact: undefined };
    expect(readEnvironment({})).toEqual(nothing);
    expect(readEnvironment({ BANYAN_ICE_SERVERS: '[]', BANYAN_TURN_URL: '', BANYAN_TURN_SECRET: '' })).toEqual(nothing);
    expect(
      readEnvironment({
        BANYAN_ICE_SERVERS: '[{"urls":"stun:a.example"}]',
        BANYAN_TURN_URL: 'turn:a.example:3478, turns:a.example?transport=tcp',
        BANYAN_TURN_SECRET: 's',
        BANYAN_SECURITY_CONTACT: 'mailto:a@b.example',
      }),
    ).toEqual({
      iceServers: [{ urls: ['stun:a.example'], username: '', credential: '' }],
      turn: { urls: ['turn:a.example:3478', 'turns:a.example?transport=tcp'], secret: 's' },
      securityContact: 'mailto:a@b.example',
    });
  });

  it.each([
    [{ BANYAN_ICE_SERVERS: 'stun:a.example' }, 'BANYAN_ICE_SERVERS is no JSON'],
    [{ BANYAN_ICE_SERVERS: '[{"urls":"a.example"}]' }, 'BANYAN_ICE_SERVERS: server 1 has "a.example"'],
    [{ BANYAN_TURN_URL: 'turn:a.example' }, 'BANYAN_TURN_SECRET is not'],
    [{ BANYAN_TURN_SECRET: 'hush' }, 'BANYAN_TURN_URL is not'],
    [{ BANYAN_TURN_URL: 'stun:a.example', BANYAN_TURN_SECRET: 'hush' }, "not 'stun:a.example'"],
    [{ BANYAN_TURN_URL: 'turn:a,turn:a,turn:a,turn:a,turn:a', BANYAN_TURN_SECRET: 'hush' }, 'more than 4'],
    [{ BANYAN_SECURITY_CONTACT: 'a@b.example' }, 'BANYAN_SECURITY_CONTACT wants'],
  ])('%j is refused, and no secret repeated', (variables, said) => {
    const read = readEnvironment(variables);
    if (!('error' in read)) throw new Error('taken');
    expect(read.error).toContain(said);
    expect(read.error).not.toContain('hush');
  });
});

describe('TURN credential', () => {
  it('is the second it ends and the HMAC-SHA1 of that, as coturn makes it out', () => {
    const { username, credential } = turnCredential('north', 1_700_000_000_999);
    expect(username).toBe('1700001800');
    expect(credential).toBe(createHmac('sha1', 'north').update('1700001800').digest('base64'));
    // By another program: printf 1700001800 | openssl dgst -sha1 -hmac north -binary | base64
    expect(credential).toBe('uRgP+eR7JizT0Jb20msNGZi1Tzo=');
  });

  it('is new at each time it is handed over, beside the servers that need none', () => {
    const stun = { urls: ['stun:a.example'], username: '', credential: '' };
    const grants = iceGrants([stun], { urls: ['turn:a.example'], secret: 'north' });
    const [first, later] = [grants?.(1_700_000_000_000), grants?.(1_700_001_500_000)];
    expect(first).toMatchObject({
      lifeMs: 1_800_000,
      servers: [stun, { urls: ['turn:a.example'], username: '1700001800' }],
    });
    expect(later?.servers[1]?.username).toBe('1700003300');
    expect(iceGrants([stun], undefined)?.(5)).toEqual({ servers: [stun], lifeMs: 0 });
    expect(iceGrants([], undefined)).toBeUndefined();
  });
});
