/** One peer at work: put together from its ports, with the one timer, told what the page lives through. */
import type { PeerView } from '../protocol/core/io.ts';
import { logBytesMax, logPacketsMax, originBurst, originRatePerSecond, reunionPeriodMs } from '../protocol/limits.ts';
import { Peer, type UserInterface } from '../protocol/peer.ts';
import type { RootLink, RootLinkEvents } from '../protocol/ports.ts';
import type { NodeId } from '../protocol/types.ts';
import type { PresenceBody } from '../protocol/wire/bodies.ts';
import type { FileStore } from './file-store.ts';
import type { CheckedOptions } from './options.ts';
import { watchPage } from './page-events.ts';
import type { RtcLinks } from './rtc-link.ts';
import type { Sealer } from './seal.ts';

/** What differs between a browser and Node, and what measurements change. */
export interface Surroundings {
  readonly origin: string;
  readonly wrtc?: unknown;
  /** Where others' files are kept; in a browser, its private file system or memory. */
  readonly openFileStore?: (bytesMax: number | undefined) => Promise<FileStore>;
  /** Own message packets a second and burst; without limit in measurements. */
  readonly originRate?: { readonly perSecond: number; readonly burst: number };
}

export interface SessionPorts {
  readonly room: string;
  /** Id of the room's owner. */
  readonly owner?: NodeId;
  readonly options: CheckedOptions;
  readonly place: Surroundings;
  readonly sealer: Sealer;
  readonly links: RtcLinks;
  readonly userInterface: UserInterface;
  connectRoot(events: RootLinkEvents): RootLink;
}

/** How old a view may be that no output of the core announced a change of, ms: round trips and the log's size. */
const viewAgeMaxMs = 250;

export class Session {
  readonly peer: Peer;
  readonly #ports: SessionPorts;
  readonly #stopWatching: () => void;
  readonly #sinceMs = Date.now();
  #name: string;
  #isAway = false;
  #hasLeft = false;
  #wakeTimer: ReturnType<typeof setTimeout> | undefined;
  #timerAtMs = Infinity;
  #dueAtMs = Infinity;
  #view: PeerView | undefined;
  #viewAtMs = 0;

  constructor(ports: SessionPorts) {
    const { options, place, sealer, links } = ports;
    this.#ports = ports;
    this.#name = options.name === '' ? `Guest ${sealer.id.slice(0, 4)}` : options.name;
    this.peer = new Peer(
      {
        clock: { nowMs: () => performance.now() },
        rng: { uint32: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0 },
        signer: sealer,
        verifier: sealer,
        links,
        connectRoot: (events) => ports.connectRoot(events),
        userInterface: ports.userInterface,
        wakeAt: (atMs) => {
          this.#wakeAt(atMs);
        },
      },
      {
        room: ports.room,
        origin: place.origin,
        ...(ports.owner === undefined ? {} : { owner: ports.owner }),
        clientsMax: options.clientsMax,
        role: options.role,
        hidden: false,
        history: options.history,
        reunionPeriodMs,
        originRatePerSecond: place.originRate?.perSecond ?? originRatePerSecond,
        originBurst: place.originRate?.burst ?? originBurst,
        logPacketsMax,
        logBytesMax,
        disabled: new Set(),
      },
    );
    this.#stopWatching = watchPage({
      hidden: (isHidden) => {
        this.#setHidden(isHidden);
      },
      gone: () => {
        this.peer.pause();
      },
      restored: () => {
        this.peer.start();
      },
      awake: () => {
        this.peer.resume();
      },
    });
  }

  start(): void {
    this.#tellPresence();
    this.peer.start();
  }

  /** The core's view; made anew after `changed`, or when it is old. */
  view(): PeerView {
    const nowMs = performance.now();
    if (this.#view === undefined || nowMs - this.#viewAtMs > viewAgeMaxMs) {
      this.#view = this.peer.view();
      this.#viewAtMs = nowMs;
    }
    return this.#view;
  }

  /** The core said that its view changed. */
  changed(): void {
    this.#view = undefined;
  }

  get presence(): PresenceBody {
    const { options, sealer } = this.#ports;
    const sealingKey = sealer.direct.publicKey;
    return { name: this.#name, role: options.role, sinceMs: this.#sinceMs, away: this.#isAway, sealingKey };
  }

  rename(name: string): void {
    this.#name = name;
    this.#tellPresence();
  }

  /** Says LEAVE; resolves when the links are closed. */
  async leave(): Promise<void> {
    if (!this.#hasLeft) {
      this.#stopWatching();
      this.peer.leave();
      this.#hasLeft = true;
      clearTimeout(this.#wakeTimer);
      this.changed();
    }
    await this.#ports.links.closed();
  }

  #tellPresence(): void {
    this.peer.setPresence(this.presence, Date.now());
  }

  #setHidden(isHidden: boolean): void {
    if (this.#isAway === isHidden) return;
    this.#isAway = isHidden;
    const { clientsMax, role } = this.#ports.options;
    this.peer.setOffer(clientsMax, role, isHidden);
    this.#tellPresence();
  }

  /** A timer that comes before is left as it is and looks again: each packet moves the time, and setting timers is not cheap. */
  #wakeAt(atMs: number): void {
    if (this.#hasLeft) return;
    this.#dueAtMs = atMs;
    if (this.#timerAtMs <= atMs) return;
    clearTimeout(this.#wakeTimer);
    this.#timerAtMs = atMs;
    this.#wakeTimer = setTimeout(() => this.#woke(), Math.max(0, Math.ceil(atMs - performance.now())));
  }

  #woke(): void {
    this.#timerAtMs = Infinity;
    if (performance.now() < this.#dueAtMs) this.#wakeAt(this.#dueAtMs);
    else this.peer.run();
  }
}
