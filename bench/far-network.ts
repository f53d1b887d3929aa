/**
 * A network of a given delay and rate between the two pages of `link`, made of UDP sockets in this process: kernels do not always have
 * one to offer (netem), and not everybody may ask them. Pages send to a relay in place of each other's addresses.
 */
import { createSocket, type Socket } from 'node:dgram';
import type { Page } from '@playwright/test';

export interface NetworkPlan {
  /** From one page to the other, ms. */
  readonly delayMs: number;
  /** Of each direction. */
  readonly megabitsPerSecond: number;
}

/** Longest a packet waits before a wire, ms; beyond that packets are dropped, as a router does. */
const queueMaxMs = 100;

/** One direction: packets leave one after the other at its rate, and arrive after its delay. */
class Wire {
  readonly #plan: NetworkPlan;
  readonly #underWay: { readonly atMs: number; readonly arrive: () => void }[] = [];
  #freeAtMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(plan: NetworkPlan) {
    this.#plan = plan;
  }

  send(bytes: number, arrive: () => void): void {
    const nowMs = performance.now();
    const leavesAtMs = Math.max(nowMs, this.#freeAtMs);
    if (leavesAtMs - nowMs > queueMaxMs) return;
    this.#freeAtMs = leavesAtMs + (bytes * 8) / (this.#plan.megabitsPerSecond * 1_000);
    this.#underWay.push({ atMs: this.#freeAtMs + this.#plan.delayMs, arrive });
    this.#timer ??= setTimeout(this.#turn, this.#plan.delayMs);
  }

  readonly #turn = (): void => {
    this.#timer = undefined;
    const nowMs = performance.now();
    for (let first = this.#underWay[0]; first !== undefined && first.atMs <= nowMs; first = this.#underWay[0]) {
      this.#underWay.shift();
      first.arrive();
    }
    const [next] = this.#underWay;
    if (next !== undefined) this.#timer = setTimeout(this.#turn, Math.max(0, next.atMs - nowMs));
  };

  close(): void {
    clearTimeout(this.#timer);
    this.#underWay.length = 0;
  }
}

/** The script of a page: each address that it is told of the other page becomes a relay's. Chromium's TCP candidates are left out. */
function throughRelays(): void {
  const pattern = /candidate:\S+ \d+ (\S+) \d+ (\S+) (\d+) typ/;
  const relayed = async (line: string): Promise<string | undefined> => {
    const [, protocol = '', address = '', port = ''] = pattern.exec(line) ?? [];
    if (protocol.toLowerCase() !== 'udp') return undefined;
    const { relayPort } = window as never as { relayPort: (address: string, port: number) => Promise<number> };
    return line.replace(` ${port} typ`, ` ${await relayPort(address, Number(port))} typ`);
  };
  window.RTCPeerConnection = class extends window.RTCPeerConnection {
    override async addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void> {
      const { candidate: line = '', sdpMid = '0', sdpMLineIndex = 0 } = candidate ?? {};
      const there = line === '' ? line : await relayed(line);
      if (there !== undefined) await super.addIceCandidate({ candidate: there, sdpMid, sdpMLineIndex });
    }

    override async setRemoteDescription({ type, sdp = '' }: RTCSessionDescriptionInit): Promise<void> {
      const lines: string[] = [];
      for (const line of sdp.split('\r\n')) {
        const there = line.startsWith('a=candidate:') ? await relayed(line) : line;
        if (there !== undefined) lines.push(there);
      }
      await super.setRemoteDescription({ type, sdp: lines.join('\r\n') });
    }
  };
}

export class FarNetwork {
  readonly #sockets: Socket[] = [];
  /** Towards the first page, and towards the second. */
  readonly #wires: readonly [Wire, Wire];

  constructor(plan: NetworkPlan) {
    this.#wires = [new Wire(plan), new Wire(plan)];
  }

  /** Puts a page at one end; before it loads anything. */
  async putAt(end: 0 | 1, page: Page): Promise<void> {
    const [here, there] = end === 0 ? this.#wires : ([this.#wires[1], this.#wires[0]] as const);
    await page.exposeBinding('relayPort', (_source, address: string, port: number) =>
      this.#relay(address, port, there, here),
    );
    // tsx keeps the names of functions by a call of this, in what it hands to a page, too.
    await page.addInitScript('globalThis.__name = (named) => named');
    await page.addInitScript(throughRelays);
  }

  close(): void {
    for (const wire of this.#wires) wire.close();
    for (const socket of this.#sockets) socket.close();
  }

  async #open(address: string): Promise<Socket> {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    this.#sockets.push(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, address, resolve);
    });
    // What a page that is being closed no longer takes.
    socket.on('error', () => undefined);
    return socket;
  }

  /** Gives the port, at the same address, that stands for a port of the other page. */
  async #relay(address: string, port: number, there: Wire, back: Wire): Promise<number> {
    const front = await this.#open(address);
    /** A socket for each port that sends here, so that an answer finds its way. */
    const outlets = new Map<number, Promise<Socket>>();
    const outletFor = async (source: { readonly address: string; readonly port: number }): Promise<Socket> => {
      const outlet = await this.#open(address);
      outlet.on('message', (packet) => {
        back.send(packet.length, () => {
          front.send(packet, source.port, source.address);
        });
      });
      return outlet;
    };
    front.on('message', (packet, source) => {
      const outlet = outlets.get(source.port) ?? outletFor(source);
      outlets.set(source.port, outlet);
      void outlet.then((socket) => {
        there.send(packet.length, () => {
          socket.send(packet, port, address);
        });
      });
    });
    return front.address().port;
  }
}
