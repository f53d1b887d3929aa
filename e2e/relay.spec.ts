/** Browsers that hide their addresses: everything goes by way of a TURN server, under credentials that end. */
import { missingCoturn, startCoturn } from '../root-server/coturn-script.ts';
import { startRootServer } from '../root-server/server.ts';
import { iceGrants, turnCredential } from '../root-server/turn.ts';
import { expect, openRoom, secret, test, untilOneTree, type RoomPage } from './fixtures.ts';
import type { Engine } from './browsers.ts';

/** What a page's connections were made with, and the connections. */
interface Watched {
  readonly connections: { readonly config: RTCConfiguration; readonly connection: RTCPeerConnection }[];
}

function watchConnections(): void {
  const here = window as never as { connections: unknown[]; RTCPeerConnection: typeof RTCPeerConnection };
  here.connections = [];
  const Native = here.RTCPeerConnection;
  here.RTCPeerConnection = class extends Native {
    constructor(config: RTCConfiguration = {}) {
      super(config);
      here.connections.push({ config, connection: this });
    }
  };
}

/** Types of the candidates at this end of all connections, and how many connections are open. */
async function candidates({ page }: RoomPage): Promise<{ types: string[]; open: number }> {
  return page.evaluate(async () => {
    const types = new Set<string>();
    let open = 0;
    for (const { connection } of (window as never as Watched).connections) {
      if (connection.connectionState === 'connected') open += 1;
      for (const stat of (await connection.getStats()).values())
        if ((stat as { type: string }).type === 'local-candidate')
          types.add((stat as { candidateType: string }).candidateType);
    }
    return { types: [...types], open };
  });
}

/** The TURN user of a page's newest connection: the second in which its credential ends. */
async function newestUser({ page }: RoomPage): Promise<number> {
  return page.evaluate(() => {
    const servers = (window as never as Watched).connections.at(-1)?.config.iceServers ?? [];
    return Number(servers.find(({ username }) => username !== undefined)?.username);
  });
}

/** Whether a page gets a relay under a credential. */
async function getsRelay({ page }: RoomPage, server: RTCIceServer): Promise<boolean> {
  return page.evaluate(async (given) => {
    const connection = new RTCPeerConnection({ iceServers: [given], iceTransportPolicy: 'relay' });
    connection.createDataChannel('any');
    let found = false;
    const isOver = new Promise<void>((resolve) => {
      connection.onicecandidate = ({ candidate }) => {
        if (candidate === null) resolve();
        else if (candidate.type === 'relay') found = true;
      };
    });
    await connection.setLocalDescription(await connection.createOffer());
    await isOver;
    connection.close();
    return found;
  }, server);
}

test('[R12] browsers that hide their addresses talk by way of a coturn, and go on when their credentials have ended', async ({
  rooms,
}) => {
  const missing = missingCoturn();
  test.skip(missing !== undefined, missing);
  const turn = await startCoturn();
  rooms.afterwards(() => turn.close());
  const urls = [turn.url];
  const lifeMs = 12_000;
  const root = await startRootServer({
    port: 0,
    host: '127.0.0.1',
    iceServers: iceGrants([], { ...turn, urls }, lifeMs),
  });
  rooms.afterwards(() => root.close());
  const link = `${root.url}/#${secret()}`;
  const open = async (engine: Engine, name: string): Promise<RoomPage> => {
    const context = await (await rooms.browser(engine)).newContext({ viewport: { width: 900, height: 600 } });
    await context.addInitScript(watchConnections);
    return openRoom(context, link, name, rooms.complaints, { ice: 'root', query: '&hide=1' });
  };
  const ana = await open('chromium', 'Ana');
  const ben = await open('firefox', 'Ben');
  await untilOneTree([ana, ben]);
  await ana.say('from behind the relay');
  await ben.say('so am I');
  for (const [page, text] of [
    [ben, 'from behind the relay'],
    [ana, 'so am I'],
  ] as const)
    await expect.poll(() => page.texts()).toContain(text);
  for (const page of [ana, ben]) {
    const { types, open: isOpen } = await candidates(page);
    expect(types, page.name).toEqual(['relay']);
    expect(isOpen).toBeGreaterThan(0);
  }
  expect(turn.log()).toMatch(/ALLOCATE processed, success/);

  const ends = Math.max(await newestUser(ana), await newestUser(ben)) * 1_000;

  // A credential that has ended opens nothing in either engine, and one that has not does.
  for (const page of [ana, ben]) {
    expect(await getsRelay(page, { urls, ...turnCredential(turn.secret, Date.now() - 2 * lifeMs, lifeMs) })).toBe(
      false,
    );
    expect(await getsRelay(page, { urls, ...turnCredential(turn.secret, Date.now(), lifeMs) })).toBe(true);
  }

  // The first ones have ended: whoever comes now is met with new ones, at both ends.
  await expect.poll(() => Date.now(), { timeout: 30_000 }).toBeGreaterThan(ends + 1_000);
  const cara = await open('chromium', 'Cara');
  await untilOneTree([ana, ben, cara]);
  await cara.say('later');
  for (const page of [ana, ben]) await expect.poll(() => page.texts()).toContain('later');
  expect((await candidates(cara)).types).toEqual(['relay']);
  const newest = await Promise.all([ana, ben].map(newestUser));
  // Who serves her made a connection for her; the other may have made none since.
  expect(Math.max(...newest) * 1_000).toBeGreaterThan(ends);
});
