/* eslint svelte/prefer-svelte-reactivity: off -- these collections are not watched; what is watched is replaced whole. */
/** Which lights travel along the edges of the picture, from the packets that were traced. */
import { type NodeId, type PacketTrace } from '../../../client/api.ts';
import { type Shape } from './shape.ts';
import { Sparing } from './sparing.ts';
import { waveFrom } from './wave.ts';

export interface Pulse {
  readonly key: number;
  /** The edge above this peer. For the head it is the edge to the root. */
  readonly edge: NodeId;
  readonly up: boolean;
  readonly kind: 'message' | 'reunion' | 'probe';
  readonly delayMs: number;
  readonly durationMs: number;
  readonly endsAtMs: number;
}

/** A message takes this long to cross an edge in the picture. Real hops take a few ms: this is slow motion. */
const hopMs = 300;
/** A wave through a deep tree is over within this, in ms. */
const waveMsMax = 2_400;
const reunionMs = 900;
const probeMs = 260;
/** Lights drawn at once. */
const pulsesMax = 160;
/** Waves begun within a second; beyond it a message lights only the edge it was seen on. */
const wavesPerSecond = 5;
/** How often lights that went out are taken away, ms; as often it shows whether the page keeps up. */
const turnMs = 400;
/** Messages remembered, so that a packet sent again lights one edge and no wave. */
const seenMax = 1_000;

export class Traffic {
  pulses: readonly Pulse[] = $state.raw([]);
  readonly #self: NodeId;
  readonly #shape: () => Shape;
  readonly #seen = new Set<string>();
  readonly #sparing = new Sparing();
  #waves: number[] = [];
  #key = 0;
  #isTimed = false;

  /** `shape` gives the tree as it is now. */
  constructor(self: NodeId, shape: () => Shape) {
    this.#self = self;
    this.#shape = shape;
  }

  /**
   * A packet crossed one of this peer's links. A message seen for the first time is shown as the flood it is: from its sender
   * along every edge of the tree. What is traced at this peer is certain; the rest follows from the tree's shape.
   */
  packet(trace: PacketTrace): void {
    if (typeof document !== 'undefined' && document.hidden) return;
    const isSparse = this.#sparing.isNeeded(performance.now());
    if (trace.type === 'chunk' || (trace.type === 'message' && isSparse)) this.#sparse(this.#edgeOf(trace));
    else if (trace.type === 'message') this.#message(trace);
    else if (isSparse) return;
    else if (trace.type === 'reunion' || trace.type === 'presence')
      this.#light(this.#edgeOf(trace), 'reunion', reunionMs);
  }

  /** A message floods from its sender. */
  wave(sender: NodeId): void {
    const crossings = waveFrom(this.#shape(), sender);
    const hops = (crossings.at(-1)?.hop ?? 0) + 1;
    const durationMs = Math.min(hopMs, waveMsMax / hops);
    this.#add(
      crossings.map(({ edge, up, hop }) => ({
        edge,
        up,
        kind: 'message' as const,
        delayMs: hop * durationMs,
        durationMs,
      })),
    );
  }

  /** A reunion on demand went this way: from this peer up to the head, and to the root when it answered. */
  probe(path: readonly NodeId[], rootAnswered: boolean): void {
    const edges = rootAnswered ? path : path.slice(0, -1);
    const up = edges.map((edge, i) => ({
      edge,
      up: true,
      kind: 'probe' as const,
      delayMs: i * probeMs,
      durationMs: probeMs,
    }));
    const down = edges.toReversed().map((edge, i) => ({
      edge,
      up: false,
      kind: 'probe' as const,
      delayMs: (edges.length + i) * probeMs,
      durationMs: probeMs,
    }));
    this.#add([...up, ...down]);
  }

  #message(trace: PacketTrace): void {
    const name = `${trace.sender} ${trace.seq}`;
    const now = performance.now();
    const isNew = !this.#seen.has(name);
    if (isNew) {
      this.#seen.add(name);
      if (this.#seen.size > seenMax)
        for (const oldest of this.#seen) {
          this.#seen.delete(oldest);
          break;
        }
      this.#waves = this.#waves.filter((at) => now - at < 1_000);
      if (this.#waves.length < wavesPerSecond && this.#shape().nodes.has(trace.sender)) {
        this.#waves.push(now);
        this.wave(trace.sender);
        return;
      }
    }
    // The wave that is under way shows this crossing already.
    this.#lightUnlessLit(this.#edgeOf(trace));
  }

  /**
   * Each light is drawn. Where hundreds of chunks cross an edge in a second, or the page does not keep up, some of them stand
   * for all.
   */
  #sparse(at: { edge: NodeId; up: boolean } | undefined): void {
    if (at === undefined || !this.#sparing.mayLight(at.edge, at.up, performance.now())) return;
    this.#light(at, 'message', hopMs);
  }

  /** One light at a time and direction. */
  #lightUnlessLit(at: { edge: NodeId; up: boolean } | undefined): void {
    const now = performance.now();
    const isLit = this.pulses.some(
      (pulse) => pulse.kind === 'message' && pulse.edge === at?.edge && pulse.up === at.up && pulse.endsAtMs > now,
    );
    if (!isLit) this.#light(at, 'message', hopMs);
  }

  #edgeOf(trace: PacketTrace): { edge: NodeId; up: boolean } | undefined {
    const self = this.#shape().nodes.get(this.#self);
    if (self === undefined) return undefined;
    const isOut = trace.direction === 'out';
    if (trace.peer === 'root') return self.id === this.#shape().head ? { edge: self.id, up: isOut } : undefined;
    if (trace.peer === self.parent) return { edge: self.id, up: isOut };
    return self.clients.includes(trace.peer) ? { edge: trace.peer, up: !isOut } : undefined;
  }

  #light(at: { edge: NodeId; up: boolean } | undefined, kind: Pulse['kind'], durationMs: number): void {
    if (at !== undefined) this.#add([{ ...at, kind, delayMs: 0, durationMs }]);
  }

  #add(added: readonly Omit<Pulse, 'key' | 'endsAtMs'>[]): void {
    const now = performance.now();
    const room = pulsesMax - this.pulses.length;
    if (room <= 0 || added.length === 0) return;
    const pulses = added.slice(0, room).map((pulse) => {
      this.#key += 1;
      return { ...pulse, key: this.#key, endsAtMs: now + pulse.delayMs + pulse.durationMs };
    });
    this.pulses = [...this.pulses, ...pulses];
    this.#expireSoon();
  }

  #expire(dueAtMs: number): void {
    const now = performance.now();
    this.#sparing.turned(dueAtMs, now);
    // A little longer than they last, so that none vanishes before it arrived.
    this.pulses = this.pulses.filter((pulse) => pulse.endsAtMs + 100 > now);
    this.#isTimed = false;
    if (this.pulses.length > 0) this.#expireSoon();
  }

  #expireSoon(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    const dueAtMs = performance.now() + turnMs;
    setTimeout(() => this.#expire(dueAtMs), turnMs);
  }
}
