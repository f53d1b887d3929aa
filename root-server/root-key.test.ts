import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cryptoProvider } from '../client/crypto/choose.ts';
import { Attestations } from '../protocol/peer/attestations.ts';
import type { Verifier } from '../protocol/ports.ts';
import { noTicket, type NodeId } from '../protocol/types.ts';
import {
  probeBody,
  regResBody,
  sweepBody,
  type ProbeBody,
  type RegRes,
  type SweepBody,
} from '../protocol/wire/bodies.ts';
import { PacketFactory } from '../protocol/wire/packet-factory.ts';
import { loadRootKey, newRootKey } from './root-key.ts';
import { startRootServer, type RootServer } from './server.ts';
import { newRoom, SocketPeer, until } from './server-script.ts';

const provider = await cryptoProvider();

let folder: string;
const open: { close(): unknown }[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'banyan-key-'));
});

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(key?: ReturnType<typeof newRootKey>): Promise<RootServer> {
  const root = await startRootServer({ port: 0, host: '127.0.0.1', ...(key === undefined ? {} : { key }) });
  open.push(root);
  return root;
}

const room = newRoom();

/** The head of the room at a root, with the Ack and the root's answer to its fold. */
async function headAt(root: RootServer): Promise<{ ack: RegRes; sweep: SweepBody }> {
  const peer = new SocketPeer(root.url, room);
  open.push(peer);
  const ack = await peer.register();
  await peer.advertise();
  peer.send(peer.factory.newConfirm({ purpose: 'parent', target: peer.id, ticket: noTicket, attachEpoch: 1 }));
  const fold = { epoch: ack.epoch, round: 3, subtreeSize: 9, height: 2, freeSlots: 1, attachEpoch: 1 };
  peer.send(peer.factory.newReunion(fold));
  const sweep = sweepBody.decode((await peer.got('reunion', 'response')).body);
  if (sweep === undefined) throw new Error('no sweep');
  return { ack, sweep };
}

/** What a peer makes of a sweep: whether the root whose Ack it had signed it. */
class Judge {
  verifications = 0;
  readonly #factory: PacketFactory;
  readonly #attestations: Attestations;

  constructor(ack: RegRes, roomId: string = room.id, self = '1'.repeat(32) as NodeId) {
    this.#factory = new PacketFactory({ publicKey: new Uint8Array(32).fill(1), id: self });
    const verifyRoot: Verifier['verifyRoot'] = (...signed) => {
      this.verifications++;
      return provider.verify(...signed);
    };
    this.#attestations = new Attestations({ verify: () => undefined, verifyRoot }, roomId, self);
    this.#attestations.registered(regResBody.encode(ack));
  }

  async takes(sweep: SweepBody): Promise<boolean> {
    return this.#attestations.check(this.#factory.newSweep(sweep, 'response'));
  }

  async takesAnswer(answer: ProbeBody, action: 'pull' | 'confirm' = 'confirm'): Promise<boolean> {
    return this.#attestations.check(this.#factory.newProbe(answer, action));
  }
}

describe('what a root says of a room', () => {
  it('[U7] is signed over room, epoch, round, size and time, and nothing of it can be changed', async () => {
    const { ack, sweep } = await headAt(await start());
    const { attestation } = sweep;
    if (attestation === undefined) throw new Error('nothing signed');
    expect(attestation).toMatchObject({ epoch: ack.epoch, round: 3 });
    expect(Math.abs(attestation.timeMs - ack.rootTimeMs)).toBeLessThan(10_000);
    const judge = new Judge(ack);
    expect(await judge.takes(sweep)).toBe(true);
    expect(await judge.takes({ ...sweep, attestation: undefined })).toBe(false);
    for (const field of ['epoch', 'round', 'roomSize', 'timeMs'] as const) {
      const changed = { ...attestation, [field]: attestation[field] + 1 };
      expect(await judge.takes({ ...sweep, attestation: changed }), field).toBe(false);
    }
    for (const at of [0, 31, 32, 63]) {
      const signature = attestation.signature.slice();
      signature[at]! ^= 1;
      expect(await judge.takes({ ...sweep, attestation: { ...attestation, signature } }), `byte ${at}`).toBe(false);
    }
    // Somebody who is head of another room has that room signed for, and no other one.
    expect(await new Judge(ack, newRoom().id).takes(sweep)).toBe(false);
    expect(await new Judge({ ...ack, rootKey: newRootKey().publicKey }).takes(sweep)).toBe(false);
    expect(await new Judge({ ...ack, rootKey: new Uint8Array(32) }).takes(sweep)).toBe(false);
  });

  it('[U7] is verified once, also when a push says it again under another path', async () => {
    const { ack, sweep } = await headAt(await start());
    const judge = new Judge(ack);
    for (let i = 0; i < 5; i++) {
      const path = Array.from({ length: i }, () => '2'.repeat(32) as NodeId);
      expect(await judge.takes({ ...sweep, path })).toBe(true);
    }
    expect(judge.verifications).toBe(1);
  });

  it('[U7] the size is the root’s own count once it has had time to know everybody', async () => {
    const { sweep } = await headAt(await start());
    // The head said 9; a root that has just started has no better word for it (rule R7).
    expect(sweep.attestation?.roomSize).toBe(9);
  });
});

describe('the root’s answer to a reunion on demand', () => {
  it('[U6] is signed over room, number and path, and nothing of it can be changed or used again', async () => {
    const root = await start();
    const peer = new SocketPeer(root.url, room);
    open.push(peer);
    const ack = await peer.register();
    const asker = '3'.repeat(32) as NodeId;
    const path = [asker, '4'.repeat(32) as NodeId, peer.id];
    peer.send(peer.factory.newProbe({ probe: 2 ** 47 + 5, path, signature: undefined }, 'pull'));
    const answer = probeBody.decode((await peer.got('reunion', 'confirm')).body);
    if (answer?.signature === undefined) throw new Error('nothing signed');
    expect(answer).toMatchObject({ probe: 2 ** 47 + 5, path });

    const judge = new Judge(ack, room.id, asker);
    expect(await judge.takesAnswer(answer)).toBe(true);
    expect(await judge.takesAnswer(answer, 'pull')).toBe(false);
    expect(await judge.takesAnswer({ ...answer, signature: undefined })).toBe(false);
    expect(await judge.takesAnswer({ ...answer, probe: answer.probe + 1 })).toBe(false);
    expect(await judge.takesAnswer({ ...answer, path: [asker, peer.id] })).toBe(false);
    expect(await judge.takesAnswer({ ...answer, path: [...path, asker] })).toBe(false);
    for (const at of [0, 31, 32, 63]) {
      const signature = answer.signature.slice();
      signature[at]! ^= 1;
      expect(await judge.takesAnswer({ ...answer, signature }), `byte ${at}`).toBe(false);
    }
    expect(await new Judge(ack, newRoom().id, asker).takesAnswer(answer)).toBe(false);
    expect(await new Judge({ ...ack, rootKey: newRootKey().publicKey }, room.id, asker).takesAnswer(answer)).toBe(
      false,
    );
    // Those on the way pass it on, and spend nothing on it.
    const onTheWay = new Judge(ack, room.id, path[1]);
    expect(await onTheWay.takesAnswer(answer)).toBe(false);
    expect(onTheWay.verifications).toBe(0);
  });

  it('[U6] is not given for a path that does not end with who brought it', async () => {
    const root = await start();
    const peer = new SocketPeer(root.url, room);
    open.push(peer);
    await peer.register();
    for (const path of [[], [peer.id, '4'.repeat(32) as NodeId]])
      peer.send(peer.factory.newProbe({ probe: 1, path, signature: undefined }, 'pull'));
    await until(() => peer.errors().length === 2, 'two refusals');
    expect(peer.errors()).toEqual(['out-of-turn', 'out-of-turn']);
    expect(peer.inbox.some(({ action }) => action === 'confirm')).toBe(false);
  });
});

describe('the root’s key', () => {
  it('[U7] is made in the file on first use, for its owner’s eyes, and is the same at the next start', async () => {
    const file = join(folder, 'root.pem');
    const first = loadRootKey(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = loadRootKey(file);
    expect(again.publicKey).toEqual(first.publicKey);
    const { ack } = await headAt(await start(first));
    const { sweep } = await headAt(await start(again));
    expect(await new Judge(ack).takes(sweep)).toBe(true);
  });

  it('[U7] is another one at each start without a file: what it signs counts after the next registration', async () => {
    const before = await headAt(await start());
    const after = await headAt(await start());
    expect(await new Judge(before.ack).takes(after.sweep)).toBe(false);
    expect(await new Judge(after.ack).takes(after.sweep)).toBe(true);
  });

  it('is refused when the file holds something else', () => {
    const file = join(folder, 'other.pem');
    writeFileSync(file, 'no key');
    expect(() => loadRootKey(file)).toThrow();
    expect(newRootKey().sign(new Uint8Array(3))).toHaveLength(64);
  });
});

it('[U7] peers of a real root say that it is there', async () => {
  const { joinRoom, createRoomLink } = await import('../client/node.ts');
  const root = await start();
  const link = createRoomLink(root.url);
  const [head, member] = [await joinRoom(link, { iceServers: [] }), await joinRoom(link, { iceServers: [] })];
  open.push({ close: () => member.leave() }, { close: () => head.leave() });
  await until(() => head.rootReachable && member.rootReachable, 'both know that the root is there');
});
