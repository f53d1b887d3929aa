import wrtc from '@roamhq/wrtc';
import { describe, expect, it } from 'vitest';
import type { NodeId } from '../protocol/types.ts';
import { cryptoProvider } from './crypto/choose.ts';
import { linkContract, until } from './link.contract.ts';
import { rtcLinks } from './rtc-link.ts';

const provider = await cryptoProvider();
const make = () => rtcLinks({ iceServers: [], provider, wrtc });

linkContract('simple-peer over @roamhq/wrtc', () => [make(), make()]);

const nothing = { up: () => {}, down: () => {}, signal: () => {}, frame: () => {}, drained: () => {} };

describe('rtcLinks', () => {
  it('[A7] makes no connection before it is asked for one, and counts those made and open', async () => {
    const links = make();
    expect(links.counts).toEqual({ made: 0, open: 0 });
    const [one, other] = ['1', '2'].map((digit) => links.open(digit.repeat(32) as NodeId, true, nothing));
    expect(links.counts).toEqual({ made: 2, open: 2 });
    one?.close();
    other?.close();
    expect(links.counts).toEqual({ made: 2, open: 0 });
    await links.closed();
  });

  it('says down where no connection can be made', async () => {
    let downs = 0;
    const broken = {
      RTCPeerConnection: class {
        constructor() {
          throw new Error('too many');
        }
      },
    };
    const links = rtcLinks({ iceServers: [], provider, wrtc: broken });
    const events = {
      ...nothing,
      down: () => {
        downs++;
      },
    };
    const link = links.open('1'.repeat(32) as NodeId, true, events);
    await until(() => downs === 1, 'down');
    link.send(Uint8Array.of(1));
    link.close();
    expect(links.counts).toEqual({ made: 1, open: 0 });
  });
});
