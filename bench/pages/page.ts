/** Every measured page: the same for each contestant, of which it loads one. */
import { calibrate, nowMs, until } from './clock.ts';
import type { Library, MeshJoin, MeshPeer, MeshPlan } from './mesh-peer.ts';
import { Counter, flood, type Arrived, type Pipe } from './pipe.ts';
import type * as Raw from './raw.ts';
import type * as RoomPipe from './room-pipe.ts';

/** One broadcast as one page received it. */
export interface Arrival {
  readonly sender: number;
  readonly number: number;
  readonly latencyMs: number;
}

export interface Joined {
  /** Others that this page reaches now. */
  readonly others: number;
  /** When it first reached all of them, ms since 1970. */
  readonly atMs: number | undefined;
  readonly marks: Readonly<Record<string, number>>;
  readonly facts: Readonly<Record<string, number>>;
  readonly connectionsMade: number;
  readonly connectionsOpen: number;
}

/** A broadcast's first bytes: when it was sent (float64), by which page and as which of its own (uint16 each). */
const stampBytes = 12;

const loaders: Record<Library, () => Promise<{ readonly join: MeshJoin }>> = {
  banyan: () => import('./banyan.ts'),
  trystero: () => import('./trystero.ts'),
  peerjs: () => import('./peerjs.ts'),
};

class BenchPage {
  #join: MeshJoin | undefined;
  #peer: MeshPeer | undefined;
  #plan: MeshPlan | undefined;
  #others = 0;
  #joinedAtMs: number | undefined;
  readonly #marks: Record<string, number> = {};
  readonly #arrivals: Arrival[] = [];
  readonly #pipes = new Map<string, Pipe>();
  readonly #counter = new Counter();

  // mesh

  /** Loads a library's code without starting it. */
  async load(library: Library): Promise<void> {
    calibrate();
    this.#join = (await loaders[library]()).join;
  }

  /** Waits for the common start and joins. Resolves when everybody is reached, which may be never. */
  async join(plan: MeshPlan): Promise<void> {
    const join = this.#join;
    if (join === undefined) throw new Error('load first');
    this.#plan = plan;
    await until(plan.startAtMs);
    const all = new Promise<void>((resolve) => {
      void join(plan, {
        reached: (others) => {
          this.#others = others;
          if (others < plan.peers - 1) return;
          this.#joinedAtMs ??= nowMs();
          resolve();
        },
        payload: (bytes) => {
          this.#arrived(bytes);
        },
        mark: (name) => {
          this.#marks[name] ??= nowMs() - plan.startAtMs;
        },
      }).then((peer) => {
        this.#peer = peer;
      });
    });
    await all;
  }

  joined(): Joined {
    return {
      others: this.#others,
      atMs: this.#joinedAtMs,
      marks: this.#marks,
      facts: this.#peer?.facts() ?? {},
      ...window.benchConnections(),
    };
  }

  /** Broadcasts payloads of one size, one a period. */
  async broadcast(count: number, payloadBytes: number, periodMs: number): Promise<void> {
    if (!this.#peer || !this.#plan) throw new Error('join first');
    for (let number = 0; number < count; number++) {
      const payload = crypto.getRandomValues(new Uint8Array(payloadBytes));
      const view = new DataView(payload.buffer);
      view.setUint16(8, this.#plan.index);
      view.setUint16(10, number);
      view.setFloat64(0, nowMs());
      this.#peer.broadcast(payload);
      await new Promise((resolve) => setTimeout(resolve, periodMs));
    }
  }

  #arrived(bytes: Uint8Array): void {
    const atMs = nowMs();
    if (bytes.byteLength < stampBytes) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    this.#arrivals.push({
      sender: view.getUint16(8),
      number: view.getUint16(10),
      latencyMs: atMs - view.getFloat64(0),
    });
  }

  /** What arrived since the last call. */
  takeArrivals(): Arrival[] {
    return this.#arrivals.splice(0);
  }

  // link

  /** Loads what makes pipes. */
  async loadLink(): Promise<{ raw: typeof Raw; room: typeof RoomPipe }> {
    const [raw, room] = await Promise.all([import('./raw.ts'), import('./room-pipe.ts')]);
    return { raw, room };
  }

  async offer(): Promise<string> {
    return (await this.loadLink()).raw.offer();
  }

  async answer(description: string): Promise<string> {
    return (await this.loadLink()).raw.answer(description);
  }

  async accept(description: string): Promise<void> {
    await (await this.loadLink()).raw.accept(description);
  }

  async openRaw(): Promise<void> {
    this.#addPipe('raw', await (await this.loadLink()).raw.open());
  }

  async openRoom(link: string): Promise<void> {
    this.#addPipe('banyan', await (await this.loadLink()).room.open(link));
  }

  #addPipe(name: string, pipe: Pipe): void {
    this.#pipes.set(name, pipe);
    pipe.receive((bodyBytes) => {
      this.#counter.take(bodyBytes);
    });
  }

  async flood(name: string, bodyBytes: number, durationMs: number): Promise<number> {
    const pipe = this.#pipes.get(name);
    if (pipe === undefined) throw new Error(`no pipe ${name}`);
    return flood(pipe, bodyBytes, durationMs);
  }

  resetCounter(): void {
    this.#counter.reset();
  }

  counted(): Arrived {
    return this.#counter.view();
  }
}

declare global {
  interface Window {
    bench: BenchPage;
    /** Set before any script of the page, see connections.ts. */
    benchConnections(): { connectionsMade: number; connectionsOpen: number };
  }
}

window.bench = new BenchPage();
