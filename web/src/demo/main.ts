/**
 * The page over a made-up room. Options in the query: `peers` (7), `k` (4), `at` (own place, 4), `seed` (1), `quiet=1` (nobody talks),
 * `files=1` (somebody sends one), `typing=N` (so many write), `lags=1` (somebody never gets own messages), `alike=1` (a namesake), `still=1` (nobody comes or goes), `root=away`, `state=healing`, `fail=CODE` (joining fails), `hang=STEP` (joining stays there),
 * `owner=me` or `owner=other` (the room is somebody's; then `locked=1`, `hushed=1`: only the first other and the owner speak, `removed=N`),
 * and those of the page itself.
 */
import {
  BanyanError,
  type BanyanErrorCode,
  type JoinDetail,
  type NodeId,
  type RoomOptions,
} from '../../../client/api.ts';
import { createIdentity } from '../../../client/room-link.ts';
import { mountPage } from '../mount.ts';

import { FakeRoom } from './fake-room.ts';
import { FakeWorld } from './fake-world.ts';
import { history, lines } from './script.ts';

const query = new URLSearchParams(location.search);
const number = (name: string, otherwise: number) => Number(query.get(name) ?? otherwise);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function joinRoom(link: string, options: RoomOptions = {}): Promise<FakeRoom> {
  const steps: readonly JoinDetail[] = [
    'connecting-to-root',
    'registering',
    'asking-for-parent',
    'connecting-to-parent',
  ];
  for (const detail of steps) {
    const parent = 'ab'.repeat(16) as NodeId;
    options.onState?.({
      state: 'joining',
      detail,
      reason: 'none',
      ...(detail === 'connecting-to-parent' ? { parent } : {}),
    });
    if (query.get('hang') === detail) await new Promise(() => undefined);
    await wait(number('step', 120));
    options.signal?.throwIfAborted();
  }
  const failure = query.get('fail');
  if (failure !== null) throw new BanyanError(failure as BanyanErrorCode, 'made up');

  const world = new FakeWorld(number('seed', 1), number('k', 4));
  const at = Math.min(number('at', 4), number('peers', 7) - 1);
  for (let i = 0; i < number('peers', 7); i += 1) if (i !== at) world.join();
  // Taking one's place by number needs the others first: the tree is laid anew in the wanted order.
  const others = [...world.members.values()];
  world.peers.clear();
  const self = world.join(options.name, true);
  world.peers.clear();
  const order = [...others.slice(0, at), self, ...others.slice(at)];
  for (const { id } of order) world.peers.set(id, { id, parent: world.host(new Set()) });

  if (query.get('alike') === '1') world.join(others[0]?.name);
  const owners: Readonly<Record<string, NodeId | undefined>> = { me: self.id, other: others[1]?.id };
  const room = new FakeRoom(link, world, self, owners[query.get('owner') ?? '']);
  room.lags = query.get('lags') === '1';
  room.rootReachable = query.get('root') !== 'away';
  if (query.get('state') === 'healing') room.setState('healing', 'asking-for-parent', 'silent');
  setTimeout(() => {
    if (query.has('owner')) {
      const ids = others.map(({ id }) => id);
      room.order({
        locked: query.get('locked') === '1',
        quiet: query.get('hushed') === '1',
        speakers: ids.slice(0, 1),
        removed: ids.slice(2, 2 + number('removed', 0)),
      });
    }
    enact(room);
  }, 50);
  return room;
}

function enact(room: FakeRoom): void {
  const { world } = room;
  const ids = [...world.members.keys()].filter((id) => id !== room.self.id);
  if (ids.length > 0 && query.get('quiet') !== '1') {
    const idOf = (who: number | 'me') => (who === 'me' ? room.self.id : ids[who % ids.length]);
    const said: string[] = [];
    for (const [i, { who, text, minutesAgo, answers, to }] of history.entries()) {
      const from = idOf(who);
      const [replyTo, toId] = [
        answers === undefined ? undefined : said[answers],
        to === undefined ? undefined : idOf(to),
      ];
      const more = { ...(replyTo === undefined ? {} : { replyTo }), ...(toId === undefined ? {} : { to: toId }) };
      const ago = minutesAgo === 0 ? 0 : minutesAgo * 60_000 + (history.length - i) * 7_000;
      said.push(from === undefined ? '' : room.say(from, text, ago, more));
      if (i === 3 && from !== undefined) {
        room.emit('gap', { from, session: '0'.repeat(16) as never, fromSeq: 4, toSeq: 15 });
      }
    }
    for (let i = 0; i < number('typing', 0); i += 1) room.types(ids[i % ids.length] ?? room.self.id, true);
    const giver = query.get('files') === '1' ? ids[0] : undefined;
    if (giver !== undefined) room.give(giver, 'minutes.pdf', new Blob([new Uint8Array(9_000_000)]));
    let line = 0;
    setInterval(
      () => {
        const from = world.pick((id) => id !== room.self.id);
        if (from !== undefined) room.say(from, lines[line % lines.length] ?? '');
        line += 1;
      },
      number('every', 2_600),
    );
  }
  setInterval(() => room.sweep(), 4_000);
  if (query.get('still') !== '1') setInterval(() => void churn(room), 7_000);
}

/** Somebody in the middle goes, the orphans find a place, somebody comes. */
async function churn(room: FakeRoom): Promise<void> {
  const { world } = room;
  const gone = world.pick((id) => id !== room.self.id && world.pathTo(id).length > 1 && world.clientsOf(id).length > 0);
  if (gone !== undefined) {
    const member = world.members.get(gone);
    const orphans = world.vanish(gone);
    if (member !== undefined) room.emit('leave', member);
    room.changed();
    await wait(900);
    for (const orphan of orphans) world.adopt(orphan);
    room.changed();
  }
  await wait(1_500);
  const joined = { ...world.join(), sinceMs: Date.now() };
  world.members.set(joined.id, joined);
  room.emit('join', joined);
  room.changed();
}

mountPage({
  createIdentity,
  createOwnedRoom: (rootUrl) =>
    Promise.resolve({ link: `${rootUrl}#aBcDeFgHiJkLmNoPqRsTuV`, ownerKey: createIdentity() }),
  joinRoom,
});
