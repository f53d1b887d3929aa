import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fileKey, type NodeId, type SessionId } from '../protocol/types.ts';
import { Outgoing } from './outgoing-file.ts';

const self = 'a'.repeat(32) as NodeId;

/** A file of 100 bytes, announced while so many others are there. */
function announced(others: number) {
  const withdrawn: { isSettled: boolean }[] = [];
  let state = 'open';
  const file = new Outgoing(
    fileKey(self, '0'.repeat(16) as SessionId, 1),
    1,
    { name: 'notes.txt', type: '', size: 100, to: undefined },
    undefined,
    {
      self,
      others: () => others,
      secret: undefined,
      seal: () => Promise.reject(new Error('nothing is read here')),
      withdrawn: () => withdrawn.push({ isSettled: state !== 'open' }),
    },
  );
  file.readFrom(new Blob([new Uint8Array(100)]));
  file.isAnnounced = true;
  file.done.then(
    () => (state = 'done'),
    () => (state = 'failed'),
  );
  return {
    file,
    withdrawn,
    state: async () => {
      await turn();
      return state;
    },
    counts: () => [file.progress.have, file.progress.of],
  };
}

describe('a file that is sent', () => {
  it('is done when all have it who were there and stayed', async () => {
    const { file, state, counts } = announced(3);
    file.reported(1, 2);
    expect([await state(), counts()]).toEqual(['open', [1, 3]]);
    file.othersAre(2);
    expect([await state(), counts()]).toEqual(['open', [1, 2]]);
    file.reported(2, 2);
    expect([await state(), counts()]).toEqual(['done', [2, 2]]);
  });

  it('waits for who came later only when that one says that it wants it', async () => {
    const { file, state, counts } = announced(1);
    file.othersAre(3);
    file.reported(1, 2);
    expect([await state(), counts()]).toEqual(['open', [1, 2]]);
    file.reported(2, 2);
    expect(await state()).toBe('done');
    // What it is given out to later is told of, too.
    file.reported(2, 3);
    expect([await state(), counts()]).toEqual(['done', [2, 3]]);
  });

  it('stays open while nobody is there, and is done when those have it who come first', async () => {
    const { file, state, counts } = announced(0);
    file.reported(0, 0);
    expect([await state(), counts()]).toEqual(['open', [0, 0]]);
    file.othersAre(2);
    file.reported(1, 1);
    expect([await state(), counts()]).toEqual(['open', [1, 2]]);
    file.reported(2, 2);
    expect([await state(), counts()]).toEqual(['done', [2, 2]]);
  });

  it('stays open when all leave before they have it, and is done when one had it before all left', async () => {
    const lost = announced(2);
    lost.file.reported(0, 2);
    lost.file.othersAre(0);
    lost.file.reported(0, 0);
    expect([await lost.state(), lost.counts()]).toEqual(['open', [0, 0]]);
    const had = announced(2);
    had.file.reported(1, 2);
    had.file.othersAre(0);
    had.file.reported(0, 0);
    expect([await had.state(), had.counts()]).toEqual(['done', [0, 0]]);
  });

  it('counts no more than there are, whatever is reported', () => {
    const { file, counts } = announced(3);
    file.reported(60_000, 70_000);
    expect(counts()).toEqual([3, 3]);
    file.othersAre(2);
    expect(counts()).toEqual([2, 2]);
  });

  it('is taken back while nobody has it, and after it was done', async () => {
    const alone = announced(0);
    alone.file.cancel();
    expect([await alone.state(), alone.file.error?.code]).toEqual(['failed', 'cancelled']);
    const { file, state, withdrawn } = announced(1);
    file.reported(1, 1);
    expect(await state()).toBe('done');
    const told: (string | undefined)[] = [];
    file.onProgress(() => told.push(file.error?.code));
    file.cancel();
    file.cancel();
    expect([withdrawn, told]).toEqual([[{ isSettled: true }], ['cancelled']]);
  });
});
