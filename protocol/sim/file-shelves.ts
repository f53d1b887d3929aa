/** What a shell does with files: keeps the chunks that came, and reads them when the core asks. */
import type { CoreInput, CoreOutput } from '../core/io.ts';
import type { FileKey } from '../types.ts';
import { chunkCount } from '../wire/bodies.ts';
import type { Packet, VerifiedPacket } from '../wire/packet.ts';
import type { InstantCrypto } from './instant-crypto.ts';
import type { SimPeer } from './sim-peer.ts';

/** Outputs of a core that concern files. */
export type FileOutput = Extract<CoreOutput, { kind: 'file' | 'chunk' | 'readChunk' | 'fileProgress' | 'fileGone' }>;

/** A file as one peer has it. */
export interface ShelvedFile {
  readonly number: number;
  readonly chunks: number;
  readonly chunkBytes: number;
  readonly isOwn: boolean;
  /** Of another's file, the chunks that came, in their order. */
  readonly came: VerifiedPacket<'chunk'>[];
}

/** A chunk is read from a disk, ms. */
const readingMs = 1;

export interface ShelvesWorld {
  readonly nowMs: number;
  readonly crypto: InstantCrypto;
  at(timeMs: number, act: () => void): void;
}

export class FileShelves {
  readonly #world: ShelvesWorld;
  readonly #feed: (peer: SimPeer, input: CoreInput) => void;

  constructor(world: ShelvesWorld, feed: (peer: SimPeer, input: CoreInput) => void) {
    this.#world = world;
    this.#feed = feed;
  }

  carryOut(peer: SimPeer, output: FileOutput): void {
    switch (output.kind) {
      case 'file': {
        const { file, sender, manifest } = output;
        const { file: number, chunkBytes } = manifest;
        peer.files.set(file, { number, chunks: chunkCount(manifest), chunkBytes, isOwn: sender === peer.id, came: [] });
        return;
      }
      case 'chunk':
        peer.files.get(output.file)?.came.push(output.packet);
        return;
      case 'readChunk': {
        const { link, file, index } = output;
        this.#world.at(this.#world.nowMs + readingMs, () => {
          this.#feed(peer, { kind: 'chunkRead', link, file, index, packet: this.#read(peer, file, index) });
        });
        return;
      }
      case 'fileGone':
        peer.files.delete(output.file);
        return;
      case 'fileProgress':
        return;
    }
  }

  #read(peer: SimPeer, key: FileKey, index: number): VerifiedPacket<'chunk'> | undefined {
    const file = peer.files.get(key);
    if (file === undefined) return undefined;
    if (!file.isOwn) return file.came[index];
    const packet: Packet<'chunk'> = peer.core.factory.newChunk(file.number, index, new Uint8Array(file.chunkBytes));
    return { ...this.#world.crypto.seal(peer, packet), hops: 0 } as VerifiedPacket<'chunk'>;
  }
}
