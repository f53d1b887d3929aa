import { describe, expect, it } from 'vitest';
import type { PeerOptions } from '../core/io.ts';
import { defaultOptions } from '../core/peer-script.ts';
import { noNode, type NodeId } from '../types.ts';
import { PacketFactory } from '../wire/packet-factory.ts';
import { decodeJournal, encodeJournal, type Journal } from '../journal.ts';
import { replay, stepText } from './replay.ts';
import { simOrigin, simRoom } from './sim-peer.ts';

const root = new PacketFactory({ publicKey: new Uint8Array(32), id: noNode });
const challenge = root.newChallenge({ challenge: new Uint8Array(32).fill(9), epoch: 5, rootTimeMs: 1_700_000_000_000 });

const options: PeerOptions = {
  ...defaultOptions,
  room: simRoom,
  origin: simOrigin,
  clientsMax: 4,
  logPacketsMax: 100,
  logBytesMax: 100_000,
};

const journal: Journal = {
  publicKey: new Uint8Array(32).fill(1),
  id: '01'.repeat(16) as NodeId,
  options,
  random: [0x1234],
  inputs: [
    { nowMs: 10, input: { kind: 'rootUp' } },
    { nowMs: 30, input: { kind: 'rootPacket', packet: { ...challenge, senderId: noNode }, attested: false } },
  ],
};

describe('a replay', () => {
  it('gives a fresh core the inputs of a journal and shows what it does', () => {
    const steps = [...replay(journal)];
    expect(steps.map(({ outputs }) => outputs.map(({ kind }) => kind))).toMatchObject([
      ['state', 'tree'],
      ['sendRoot'],
    ]);
    expect(steps[1]?.outputs[0]).toMatchObject({
      packet: {},
    });
    expect(stepText(steps[0]!)).toMatch(/^10\.0 \{"kind":"rootUp"\}\n {4}\{"kind":"state","state":"registering"/);
  });

  it('gives the same from a journal that was written down and read again', () => {
    const read = decodeJournal(encodeJournal(journal));
    expect(read).toBeDefined();
    expect([...replay(read!)]).toEqual([...replay(journal)]);
  });

  it('refuses what is no journal', () => {
    expect(decodeJournal('no')).toBeUndefined();
    expect(decodeJournal('{"inputs":[]}')).toBeUndefined();
    expect(decodeJournal('{"publicKey":{"$hex":"00"},"options":{},"inputs":3}')).toBeUndefined();
  });
});
