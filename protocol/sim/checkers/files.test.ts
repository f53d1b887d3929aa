import { describe, expect, it } from 'vitest';
import { fileKey, type NodeId, type SessionId } from '../../types.ts';
import type { VerifiedPacket } from '../../wire/packet.ts';
import type { FileOutput, ShelvedFile } from '../file-shelves.ts';
import type { SimPeer } from '../sim-peer.ts';
import { FilesChecker } from './files.ts';

const idOf = (index: number): NodeId => String(index).repeat(32) as NodeId;
const key = fileKey(idOf(0), '01'.repeat(8) as SessionId, 7);

const chunkAt = (seq: number) => ({ header: { seq } }) as VerifiedPacket<'chunk'>;

/** The first of three peers has sent a file of two chunks, of which the others have none yet. */
function room() {
  const people = [0, 1, 2].map((index) => {
    const file: ShelvedFile = { number: 7, chunks: 2, chunkBytes: 10, isOwn: index === 0, came: [] };
    return { name: `p${index}`, id: idOf(index), alive: true, files: new Map([[key, file]]) } as unknown as SimPeer;
  });
  const failures: string[] = [];
  const checker = new FilesChecker({
    live: people,
    fail: (name: string, message: string) => failures.push(`${name}: ${message}`),
  });
  const told = (index: number, output: FileOutput): void => {
    const peer = people[index];
    if (peer) checker.told(peer, output);
  };
  const manifest = { file: 7, sizeBytes: 20, chunkBytes: 10, name: '', type: '' };
  told(0, { kind: 'file', file: key, sender: idOf(0), manifest, isShown: true });
  const gets = (index: number, seq: number, done: boolean): void => {
    people[index]?.files.get(key)?.came.push(chunkAt(seq));
    told(index, { kind: 'chunk', file: key, packet: chunkAt(seq), done });
  };
  return { checker, people, failures, told, gets };
}

describe('the files checker', () => {
  it('wants everybody to have what the furthest has, and the sender to know', () => {
    const { checker, failures, told, gets } = room();
    expect(checker.problem()).toBe('p1 has 0 chunks of a file of p0, others 2 [F3]');
    for (const index of [1, 2]) {
      gets(index, 0, false);
      gets(index, 1, true);
    }
    expect(checker.problem()).toBe('p0 is told that 0 of 0 have its file, but it is 2 of 2 [F5]');
    told(0, { kind: 'fileProgress', file: key, complete: 2, peers: 2 });
    expect(checker.problem()).toBeUndefined();
    expect(failures).toEqual([]);
  });

  it('wants chunks once, in order, and the last one named so', () => {
    const { failures, gets } = room();
    gets(1, 1, true);
    gets(2, 0, true);
    expect(failures).toEqual([
      'files: p1 is given chunk 1 for chunk 0 [F2]',
      'files: p1 is told that a file is whole at chunk 0',
      'files: p2 is told that a file is whole at chunk 0',
    ]);
  });

  it('wants nobody to keep what was taken back', () => {
    const { checker, people, told } = room();
    for (const peer of people.slice(0, 2)) peer.files.delete(key);
    told(1, { kind: 'fileGone', file: key, cancelled: true });
    expect(checker.problem()).toBe('p2 keeps a file that p0 took back [F6]');
    people[2]?.files.delete(key);
    expect(checker.problem()).toBeUndefined();
  });
});
