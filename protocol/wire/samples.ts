/** One packet of every shape there is, for tests and for fuzzing. */
import { frameBytesMax, recordOverheadBytes } from '../limits.ts';
import type { NodeId, PacketDigest, RoomId, SessionId, TicketId } from '../types.ts';
import { auditBody, forkBody } from './bodies/audit.ts';
import * as bodies from './bodies.ts';
import { encodeUtf8 } from './bytes.ts';
import { iceBody } from './bodies/ice.ts';
import { PacketFactory } from './packet-factory.ts';
import { orderBody } from './bodies/order.ts';
import { packetTypes, type Packet } from './packet.ts';
import { receiptsBody, typingBody } from './bodies/talk.ts';

export const node = (digit: string): NodeId => digit.repeat(32) as NodeId;
export const session = '0123456789abcdef' as SessionId;
export const publicKey = Uint8Array.from({ length: 32 }, (_, i) => i);
export const factory = new PacketFactory({ publicKey, id: node('a') });
factory.session = session;

export function signed(packet: Packet): Packet {
  return packetTypes[packet.header.type].signed ? { ...packet, validator: new Uint8Array(64).fill(7) } : packet;
}

const attestation = {
  epoch: 1,
  round: 2,
  roomSize: 7,
  timeMs: 1_700_000_000_002,
  signature: new Uint8Array(64).fill(7),
};

/** One packet of every shape there is. */
export const samples: Packet[] = [
  factory.newChallenge({
    challenge: new Uint8Array(32).fill(1),
    epoch: 1_700_000_000_000,
    rootTimeMs: 1_700_000_000_001,
  }),
  factory.newReg({
    room: 'b'.repeat(64) as RoomId,
    challenge: new Uint8Array(32).fill(1),
    origin: 'http://localhost:3000',
    admission: new Uint8Array(64),
    clientsMax: 4,
    role: 'peer',
    hidden: false,
    head: false,
    parent: node('0'),
    attachEpoch: 3,
    depth: 2,
    subtreeSize: 1,
    clients: [node('c'), node('d')],
  }),
  factory.newIceServers({
    servers: [
      { urls: ['stun:a.example'], username: '', credential: '' },
      {
        urls: ['turn:a.example:3478?transport=udp', 'turns:a.example'],
        username: '1700001800',
        credential: 'c2VjcmV0',
      },
    ],
    lifeMs: 1_800_000,
  }),
  factory.newRegRes({ epoch: 1, rootTimeMs: 2, roomSize: 3, headDenied: true, rootKey: new Uint8Array(32).fill(6) }),
  factory.newAdv({ purpose: 'parent', complaint: node('c'), reason: 'silent', attachEpoch: 9 }),
  factory.newAssignment(
    {
      purpose: 'move',
      result: 'node',
      target: node('c'),
      ticket: node('e') as string as TicketId,
      placementVersion: 4,
      expiresInMs: 15_000,
      retryAfterMs: 0,
    },
    'move',
  ),
  factory.newExpect({
    purpose: 'backup',
    client: node('c'),
    ticket: node('e') as string as TicketId,
    placementVersion: 4,
    expiresInMs: 15_000,
    excess: 1,
  }),
  factory.newConfirm({ purpose: 'parent', target: node('c'), ticket: node('e') as string as TicketId, attachEpoch: 5 }),
  factory.newOffer({ clientsMax: 0, role: 'leaf', hidden: true }),
  factory.newReunion({ epoch: 1, round: 2, subtreeSize: 3, height: 1, freeSlots: 7, attachEpoch: 5 }),
  factory.newSweep({ epoch: 1, round: 2, roomSize: 7, attestation, path: [node('1'), node('2')] }, 'response'),
  factory.newSweep({ epoch: 1, round: 3, roomSize: 7, attestation: undefined, path: [node('1')] }, 'response'),
  factory.newProbe({ probe: 5, path: [node('1')], signature: undefined }, 'pull'),
  factory.newProbe({ probe: 5, path: [node('1'), node('2')], signature: new Uint8Array(64).fill(7) }, 'confirm'),
  factory.newSignal({ to: node('c'), ticket: node('e') as string as TicketId, data: Uint8Array.of(1, 2, 3) }),
  factory.newLeave(node('a'), 'left', 7, node('c')),
  factory.newOrder(
    {
      room: 'b'.repeat(64) as RoomId,
      locked: true,
      quiet: false,
      speakers: [],
      removed: [node('c')],
      admitted: [node('a'), node('d')],
    },
    3,
    1_700_000_000_000,
  ),
  factory.newError('admission', true),
  factory.newHello(
    {
      ticket: node('e') as string as TicketId,
      role: 'parent',
      binding: new Uint8Array(32).fill(9),
      frontierDigest: 0xdeadbeef,
      attachEpoch: 5,
      newcomer: true,
    },
    'request',
  ),
  factory.newRefuse('refused-stale'),
  factory.newPing({
    sentAt: 1,
    echo: 2,
    echoAgeMs: 3,
    received: 4,
    sent: 5,
    depth: 3,
    parent: node('c'),
    edgesDigest: 6,
  }),
  factory.newFrontier(
    { last: true, entries: [{ sender: node('c'), session, next: 5, oldest: 2, presence: 1 }] },
    'pull',
  ),
  factory.newHealing(node('c')),
  factory.newEdges([{ client: node('c'), parent: node('a'), attachEpoch: 2, gone: false }]),
  factory.newReceipts([
    {
      sender: node('c'),
      session,
      top: 40,
      runs: [
        { length: 1, count: 3 },
        { length: 31, count: 4 },
      ],
    },
    { sender: node('d'), session, top: 1, runs: [{ length: 1, count: 300 }] },
  ]),
  factory.newAudit({
    isSent: true,
    entries: [{ sender: node('c'), session, seq: 9, digest: node('5') as string as PacketDigest }],
  }),
  factory.newFork({ sender: node('c'), session }),
  factory.newTyping({ active: true, channel: 'game' }, 3, 1_700_000_000_000),
  factory.newPresence(
    {
      name: 'Ána ☂',
      role: 'relay',
      sinceMs: 1_700_000_000_000,
      away: false,
      sealingKey: new Uint8Array(32).fill(8),
    },
    2,
    1_700_000_000_000,
  ),
  factory.newMessage(
    [
      { content: 'text', data: encodeUtf8('hello'), to: node('0'), channel: '' },
      { content: 'bytes', data: Uint8Array.of(0, 255), to: node('0'), channel: 'game' },
      { content: 'sealed', data: new Uint8Array(50).fill(3), to: node('c'), channel: '' },
    ],
    1,
    1_700_000_000_000,
  ),
].map(signed);

export const codecByShape: Record<string, bodies.BodyCodec<unknown>> = {
  'registration/push': bodies.challengeBody,
  'registration/request': bodies.regReqBody,
  'registration/response': bodies.regResBody,
  'registration/update': iceBody,
  'advertise/request': bodies.advertiseBody,
  'advertise/move': bodies.assignmentBody,
  'advertise/expect': bodies.expectBody,
  'advertise/confirm': bodies.confirmBody,
  'advertise/update': bodies.offerBody,
  'reunion/request': bodies.foldBody,
  'reunion/response': bodies.sweepBody,
  'reunion/pull': bodies.probeBody,
  'reunion/confirm': bodies.probeBody,
  'signal/request': bodies.signalBody,
  'leave/leave': bodies.leaveBody,
  'order/push': orderBody,
  'error/none': bodies.errorBody,
  'hello/request': bodies.helloBody,
  'hello/refuse': bodies.refuseBody,
  'ping/push': bodies.pingBody,
  'frontier/pull': bodies.frontierBody,
  'healing/push': bodies.healingBody,
  'edges/push': bodies.edgesBody,
  'receipts/push': receiptsBody,
  'audit/push': auditBody,
  'fork/push': forkBody,
  'typing/push': typingBody,
  'presence/push': bodies.presenceBody,
  'message/push': bodies.messagesBody,
};

export function shapeOf(packet: Packet): string {
  return `${packet.header.type}/${packet.action}`;
}

/** Any bytes as records of as few frames as hold them: for packets that no factory makes. */
export function framesOf(records: readonly Uint8Array[]): Uint8Array[] {
  const frames: number[][] = [];
  for (const record of records) {
    const last = frames.at(-1);
    const frame = last && last.length + recordOverheadBytes + record.length <= frameBytesMax ? last : [];
    if (frame !== last) frames.push(frame);
    frame.push(record.length >> 8, record.length & 255, ...record);
  }
  return frames.map((frame) => Uint8Array.from(frame));
}
