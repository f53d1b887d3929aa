/* eslint svelte/prefer-svelte-reactivity: off -- these collections are not watched; what is watched is replaced whole. */
/** A small made-up room for the first page: it grows, talks and heals, so that one sees what a Banyan is. */
import { type NodeId } from '../../../client/api.ts';
import { initials } from '../people/identity.ts';
import { type Look } from '../tree/look.ts';
import { type Shape, shapeOf } from '../tree/shape.ts';
import { Traffic } from '../tree/traffic.svelte.ts';

const names = [
  'Ana',
  'Ben',
  'Chi',
  'Dana',
  'Eli',
  'Femi',
  'Gita',
  'Hugo',
  'Ines',
  'Jun',
  'Kofi',
  'Lena',
  'Mara',
  'Nils',
];
/** Clients each serves. */
const k = 2;
const peersMax = 12;
const growMs = 420;
const beatMs = 1_900;

interface Person {
  readonly id: NodeId;
  readonly name: string;
  parent: NodeId | undefined;
}

export class Sapling {
  shape: Shape = $state.raw(shapeOf([], undefined));
  readonly traffic: Traffic;
  #people: Person[] = [];
  #count = 0;
  #beat = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `still` draws the whole tree at once and leaves it. */
  constructor(still: boolean) {
    this.traffic = new Traffic('' as NodeId, () => this.shape);
    const start = still ? peersMax : 4;
    for (let i = 0; i < start; i += 1) this.#join();
    this.#draw();
    if (!still) this.#timer = setTimeout(() => this.#turn(), 900);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  lookOf(id: NodeId): Look {
    const name = this.#people.find((person) => person.id === id)?.name ?? '';
    return {
      name,
      initials: initials(name, id),
      hue: Number.parseInt(id.slice(0, 3), 16) % 360,
      self: false,
      away: false,
    };
  }

  #turn(): void {
    const growing = this.#people.length < peersMax;
    if (growing) this.#join();
    else {
      this.#beat += 1;
      if (this.#beat % 4 === 0) this.#leave();
      else {
        const speaker = this.#people[Math.floor(Math.random() * this.#people.length)];
        if (speaker !== undefined && !document.hidden) this.traffic.wave(speaker.id);
      }
    }
    this.#draw();
    this.#timer = setTimeout(() => this.#turn(), growing ? growMs : beatMs);
  }

  #draw(): void {
    this.shape = shapeOf(
      this.#people.map(({ id, parent }) => ({ id, parent })),
      this.#people[0]?.id,
    );
  }

  /** The shallowest with a free place, as the root would choose. */
  #host(not: ReadonlySet<NodeId>): Person | undefined {
    const depth = (person: Person): number => {
      const parent = this.#people.find((each) => each.id === person.parent);
      return parent === undefined ? 1 : depth(parent) + 1;
    };
    const free = this.#people.filter(
      (person) => !not.has(person.id) && this.#people.filter((each) => each.parent === person.id).length < k,
    );
    return free.toSorted((a, b) => depth(a) - depth(b))[0];
  }

  #join(): void {
    const hue = ((this.#count * 137) % 360).toString(16).padStart(3, '0');
    const id = `${hue}${this.#count.toString(16)}`.padEnd(32, '0') as NodeId;
    const name = names[this.#count % names.length] ?? '';
    this.#count += 1;
    this.#people.push({ id, name, parent: this.#host(new Set())?.id });
  }

  /** Somebody in the middle goes; the clients hang themselves elsewhere. */
  #leave(): void {
    const middle = this.#people.filter(
      (person) => person.parent !== undefined && this.#people.some((each) => each.parent === person.id),
    );
    const gone = middle[this.#beat % Math.max(1, middle.length)];
    if (gone === undefined) return;
    this.#people = this.#people.filter((person) => person !== gone);
    for (const orphan of this.#people.filter((person) => person.parent === gone.id)) {
      const below = new Set<NodeId>([orphan.id]);
      for (const person of this.#people)
        if (person.parent !== undefined && below.has(person.parent)) below.add(person.id);
      orphan.parent = this.#host(below)?.id;
    }
  }
}
