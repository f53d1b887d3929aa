/** Files: chunks come once and in order, all get all of them, and their sender learns how many that are [F2, F3, F5, F6]. */
import type { FileKey } from '../../types.ts';
import type { FileOutput } from '../file-shelves.ts';
import type { SimPeer } from '../sim-peer.ts';
import type { Failing } from './failing.ts';

/** What this checker asks of a simulation. */
export interface FilesWorld extends Failing {
  readonly live: readonly SimPeer[];
}

export class FilesChecker {
  /** Files that were announced, and chunks that were handed to somebody for keeping. */
  announced = 0;
  chunks = 0;
  readonly #world: FilesWorld;
  readonly #senders = new Map<FileKey, SimPeer>();
  /** What each sender was last told: how many have it, of how many that know of it. */
  readonly #told = new Map<FileKey, string>();
  /** Who heard that a file was taken back. */
  readonly #takenBack = new Map<FileKey, Set<SimPeer>>();

  constructor(world: FilesWorld) {
    this.#world = world;
  }

  /** A core said something of files; its shell has carried it out. */
  told(peer: SimPeer, output: FileOutput): void {
    if (output.kind === 'file' && output.sender === peer.id) {
      this.announced++;
      this.#senders.set(output.file, peer);
    } else if (output.kind === 'file' && !output.isShown && peer.history) {
      this.#world.fail('files', `${peer.name} is not shown a file, though it wants to know what was before [L6]`);
    } else if (output.kind === 'chunk') {
      this.#chunk(peer, output);
    } else if (output.kind === 'fileProgress') {
      if (this.#senders.get(output.file) !== peer)
        this.#world.fail('files', `${peer.name} is told who has a file that it did not send [F5]`);
      this.#told.set(output.file, `${output.complete} of ${output.peers}`);
    } else if (output.kind === 'fileGone' && output.cancelled) {
      const heard = this.#takenBack.get(output.file);
      if (heard) heard.add(peer);
      else this.#takenBack.set(output.file, new Set([peer]));
    }
  }

  #chunk(peer: SimPeer, { file, packet, done }: Extract<FileOutput, { kind: 'chunk' }>): void {
    this.chunks++;
    const has = peer.files.get(file);
    if (has === undefined) {
      this.#world.fail('files', `${peer.name} is given a chunk of a file that it does not know`);
      return;
    }
    const index = has.came.length - 1;
    if (packet.header.seq !== index)
      this.#world.fail('files', `${peer.name} is given chunk ${packet.header.seq} for chunk ${index} [F2]`);
    if (done !== (index === has.chunks - 1))
      this.#world.fail('files', `${peer.name} is told that a file is ${done ? '' : 'not '}whole at chunk ${index}`);
  }

  /** Once all is quiet: the first file that somebody lacks, keeps in vain, or that is counted wrong. */
  problem(): string | undefined {
    for (const [key, sender] of this.#senders) {
      const knowing = this.#world.live.filter((peer) => peer.files.has(key));
      // When all who heard of it are gone, nobody can know.
      if ([...(this.#takenBack.get(key) ?? [])].some(({ alive }) => alive)) {
        const [keeper] = knowing;
        if (keeper) return `${keeper.name} keeps a file that ${sender.name} took back [F6]`;
        continue;
      }
      const most = Math.max(0, ...knowing.map((peer) => chunksAt(peer, key)));
      for (const peer of knowing) {
        const has = chunksAt(peer, key);
        if (has < most) return `${peer.name} has ${has} chunks of a file of ${sender.name}, others ${most} [F3]`;
      }
      if (!sender.alive || !sender.files.has(key)) continue;
      const others = knowing.length - 1;
      const told = this.#told.get(key) ?? '0 of 0';
      const is = `${others} of ${others}`;
      if (told !== is) return `${sender.name} is told that ${told} have its file, but it is ${is} [F5]`;
    }
    return undefined;
  }
}

function chunksAt(peer: SimPeer, key: FileKey): number {
  const file = peer.files.get(key);
  if (file === undefined) return 0;
  return file.isOwn ? file.chunks : file.came.length;
}
