/**
 * The tree's pane, the real one, fed by a made-up room, with a handle for measurements (bench/picture.ts). Options in the query:
 * `peers` (300), `k` (4), `seed` (1). Development only.
 */
import { mount } from 'svelte';
import '../app.css';
import { type NodeId } from '../../../client/api.ts';
import { LiveRoom } from '../session/room.svelte.ts';
import TreePane from '../tree/TreePane.svelte';
import { FakeRoom } from './fake-room.ts';
import { FakeWorld } from './fake-world.ts';

/** What can happen to the tree. `heal`: those who hang below somebody gone find new places. */
export type Change = 'join' | 'vanish' | 'heal';

export interface Drawn {
  /** From the room's event to the end of the first frame that shows it, in ms. */
  readonly drawMs: number;
  /** Time between the frames that follow, while everything swings to its new place, in ms. */
  readonly frameMs: readonly number[];
}

export interface Measures {
  change(kind: Change): Promise<Drawn>;
  /** Drags the picture to and fro for so long, a step a frame; `talk`: while messages flood the tree. Gives the time between frames, in ms. */
  pan(durationMs: number, talk: boolean): Promise<readonly number[]>;
}

declare global {
  interface Window {
    measures: Measures;
  }
}

/** Springs come to rest within this, in ms. */
const swingMs = 1_500;
const query = new URLSearchParams(location.search);
const number = (name: string, otherwise: number) => Number(query.get(name) ?? otherwise);
const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));

const world = new FakeWorld(number('seed', 1), number('k', 4));
const peers = number('peers', 300);
let self = world.join('Ana', true);
for (let i = 1; i < peers; i += 1) {
  // One's own place is somewhere in the middle.
  if (i === Math.min(7, peers - 1)) self = world.join('Me', true);
  else world.join();
}
const room = new FakeRoom('https://example.org/#made-up', world, self);
const live = new LiveRoom(room, () => undefined);
const target = document.getElementById('app');
if (target === null) throw new Error('measure.html has no #app');
mount(TreePane, { target, props: { live } });

let orphans: NodeId[] = [];
const isInterior = (id: NodeId) => id !== self.id && world.pathTo(id).length === 3 && world.clientsOf(id).length > 0;

function happen(kind: Change): void {
  if (kind === 'join') world.join();
  else if (kind === 'vanish') {
    const gone = world.pick(isInterior);
    if (gone === undefined) throw new Error('nobody is in the middle');
    orphans = world.vanish(gone);
  } else {
    if (orphans.length === 0) throw new Error('nobody is adrift');
    for (const orphan of orphans) world.adopt(orphan);
    orphans = [];
  }
}

/** Resolves in the first task after a frame, when its styles, layout and drawing orders are done. */
async function frameDone(): Promise<number> {
  await frame();
  await new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve();
    port2.postMessage(undefined);
  });
  return performance.now();
}

async function framesFor(durationMs: number, step: (atMs: number) => void = () => undefined): Promise<number[]> {
  const times: number[] = [];
  const endMs = performance.now() + durationMs;
  let last = await frame();
  while (last < endMs) {
    step(last);
    const now = await frame();
    times.push(now - last);
    last = now;
  }
  return times;
}

async function change(kind: Change): Promise<Drawn> {
  happen(kind);
  const svg = document.querySelector('[data-testid="tree"] > .peers');
  if (svg === null) throw new Error('there is no picture');
  await frame();
  const startMs = performance.now();
  const changed = new Promise<void>((resolve) => {
    const observer = new MutationObserver(() => {
      observer.disconnect();
      resolve();
    });
    observer.observe(svg, { childList: true, subtree: true, attributes: true });
  });
  room.changed();
  await changed;
  const drawMs = (await frameDone()) - startMs;
  return { drawMs, frameMs: await framesFor(swingMs) };
}

async function pan(durationMs: number, talk: boolean): Promise<readonly number[]> {
  const svg = document.querySelector('[data-testid="tree"] > .peers');
  if (svg === null) throw new Error('there is no picture');
  const at = { x: innerWidth / 2, y: innerHeight / 2 };
  const send = (type: string) =>
    svg.dispatchEvent(
      new PointerEvent(type, {
        bubbles: true,
        pointerId: 1,
        pointerType: 'mouse',
        buttons: 1,
        clientX: at.x,
        clientY: at.y,
      }),
    );
  const talking = talk ? setInterval(() => live.traffic.wave(world.pick(() => true) ?? self.id), 300) : undefined;
  send('pointerdown');
  const startMs = performance.now();
  const times = await framesFor(durationMs, (nowMs) => {
    const turn = (nowMs - startMs) / 400;
    at.x = innerWidth / 2 + 220 * Math.sin(turn);
    at.y = innerHeight / 2 + 120 * Math.sin(turn * 1.7);
    send('pointermove');
  });
  send('pointerup');
  clearInterval(talking);
  return times;
}

window.measures = { change, pan };
