import wrtc from '@roamhq/wrtc';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { missingCoturn, startCoturn, type Coturn } from '../root-server/coturn-script.ts';
import { startRootServer } from '../root-server/server.ts';
import { iceGrants, turnCredential } from '../root-server/turn.ts';
import type { IceServer } from '../protocol/ice.ts';
import type { NodeId } from '../protocol/types.ts';
import { cryptoProvider } from './crypto/choose.ts';
import { until } from './link.contract.ts';
import { createRoomLink, joinRoom, type Room } from './node.ts';
import { rtcLinks } from './rtc-link.ts';

const missing = missingCoturn();
if (missing !== undefined) console.warn(`skipped: what goes by way of TURN (${missing})`);

/** Types of the candidates that a connection gathers with these servers, once it has them all. */
async function gathered(server: IceServer): Promise<string[]> {
  const { urls, username, credential } = server;
  const connection = new wrtc.RTCPeerConnection({
    iceServers: [{ urls: [...urls], username, credential }],
    iceTransportPolicy: 'relay',
  });
  const types: string[] = [];
  connection.onicecandidate = ({ candidate }) => {
    const type = / typ (\w+)/.exec(candidate?.candidate ?? '')?.[1];
    if (type !== undefined) types.push(type);
  };
  connection.createDataChannel('any');
  await connection.setLocalDescription(await connection.createOffer());
  await until(() => connection.iceGatheringState === 'complete', 'all candidates');
  connection.close();
  return types;
}

describe('by way of a real coturn', () => {
  let turn: Coturn;

  beforeAll(async () => {
    if (missing === undefined) turn = await startCoturn();
  });

  afterAll(async () => {
    if (missing === undefined) await turn.close();
  });

  beforeEach((context) => {
    if (missing !== undefined) context.skip(missing);
  });

  it('[R12] a credential of the root’s making opens a relay; an ended one and a forged one do not', async () => {
    const urls = [turn.url];
    const nowMs = Date.now();
    expect(await gathered({ urls, ...turnCredential(turn.secret, nowMs) })).toContain('relay');
    expect(await gathered({ urls, ...turnCredential(turn.secret, nowMs - 2_000_000) })).toEqual([]);
    expect(await gathered({ urls, ...turnCredential('guessed', nowMs) })).toEqual([]);
  }, 60_000);

  it('[R12] peers that hide their address meet with what the root hands them, and no candidate tells more', async () => {
    const root = await startRootServer({
      port: 0,
      host: '127.0.0.1',
      iceServers: iceGrants([], { ...turn, urls: [turn.url] }),
    });
    const link = createRoomLink(root.url);
    const rooms: Room[] = [];
    for (const name of ['Ana', 'Ben']) rooms.push(await joinRoom(link, { name, hideAddress: true }));
    const heard: unknown[] = [];
    rooms[0]?.on('message', ({ text }) => heard.push(text));
    await rooms[1]?.send('from behind the relay');
    await until(() => heard.length === 1, 'heard');
    expect(turn.log()).toMatch(/ALLOCATE processed, success/);
    for (const room of rooms) await room.leave();
    await root.close();
  }, 60_000);

  it('[R12] a link that hides its address tells its neighbour of relays only', async () => {
    const provider = await cryptoProvider();
    const signals: string[] = [];
    let ups = 0;
    const ends = [true, false].map((initiator) => {
      const links = rtcLinks({ iceServers: undefined, hideAddress: true, provider, wrtc });
      links.useIceServers?.([{ urls: [turn.url], ...turnCredential(turn.secret, Date.now()) }]);
      return links.open('1'.repeat(32) as NodeId, initiator, {
        up: () => ups++,
        down: () => undefined,
        signal: (data) => {
          signals.push(new TextDecoder().decode(data));
          ends[initiator ? 1 : 0]?.signal(data);
        },
        frame: () => undefined,
        drained: () => undefined,
      });
    });
    await until(() => ups === 2, 'both ends up');
    const candidates = signals.flatMap((signal) => signal.match(/candidate:[^"\\]+/g) ?? []);
    expect(candidates.length).toBeGreaterThan(1);
    for (const candidate of candidates) expect(candidate).toMatch(/ typ relay .*raddr (0\.0\.0\.0|127\.0\.0\.1) /);
    for (const end of ends) end.close();
  }, 60_000);
});

describe('ICE servers', () => {
  /** What a connection is made with. */
  function configOf(
    iceServers: RTCIceServer[] | undefined,
    handed: readonly IceServer[],
  ): RTCConfiguration | undefined {
    let seen: RTCConfiguration | undefined;
    const fake = {
      RTCPeerConnection: class {
        constructor(config: RTCConfiguration) {
          seen = config;
          throw new Error('no further');
        }
      },
      RTCSessionDescription: class {},
      RTCIceCandidate: class {},
    };
    const links = rtcLinks({ iceServers, provider: undefined as never, wrtc: fake });
    links.useIceServers?.(handed);
    const nothing = { up: () => {}, down: () => {}, signal: () => {}, frame: () => {}, drained: () => {} };
    links.open('1'.repeat(32) as NodeId, true, nothing).close();
    return seen;
  }

  it('[R12] of the root are used unless there are others, and an empty list is others', () => {
    const handed = [
      { urls: ['stun:a.example'], username: '', credential: '' },
      { urls: ['turn:a.example'], username: '1', credential: 'b' },
    ];
    expect(configOf(undefined, handed)?.iceServers).toEqual([
      { urls: ['stun:a.example'] },
      { urls: ['turn:a.example'], username: '1', credential: 'b' },
    ]);
    expect(configOf([], handed)?.iceServers).toEqual([]);
    expect(configOf([{ urls: 'stun:b.example' }], handed)?.iceServers).toEqual([{ urls: 'stun:b.example' }]);
    expect(configOf(undefined, [])).not.toHaveProperty('iceTransportPolicy');
  });
});
