/**
 * Which part of the core a verified packet is for: by who may send it (the root, whoever said it, or the neighbour alone), then
 * by its type. Bodies of packets between neighbours are decoded here; what does not decode is left out.
 */
import { streamKey } from '../types.ts';
import { auditBody, forkBody } from '../wire/bodies/audit.ts';
import {
  edgesBody,
  expectBody,
  frontierBody,
  healingBody,
  helloBody,
  leaveBody,
  pingBody,
  progressBody,
  refuseBody,
  wantBody,
} from '../wire/bodies.ts';
import { sameBytes } from '../wire/bytes.ts';
import { isType, packetTypes, type Packet, type VerifiedPacket } from '../wire/packet.ts';
import { receiptsBody } from '../wire/bodies/talk.ts';
import type { Audit } from './audit.ts';
import type { Clients } from './clients.ts';
import { isTreeLink, type LinkState } from './links.ts';
import type { Moderation } from './moderation.ts';
import * as place from './place-changes.ts';
import type { Typing } from './typing.ts';

/** Whom packets are for. */
export interface PacketParts extends place.PlaceParts {
  readonly typing: Typing;
  readonly audit: Audit;
  readonly moderation: Moderation;
  readonly clients: Clients;
}

/** A packet of this peer's own comes back sealed. */
export function sealed(parts: PacketParts, packet: VerifiedPacket): void {
  if (isType(packet, 'message')) parts.flood.sealed(packet);
  else if (isType(packet, 'presence')) parts.picture.setPresence(packet, parts.flood, 0);
  else if (isType(packet, 'typing')) parts.typing.sealed(packet);
  else if (isType(packet, 'order')) parts.moderation.receive(packet, 0);
}

export function fromRoot(parts: PacketParts, packet: VerifiedPacket, attested: boolean): void {
  if (isType(packet, 'signal')) {
    parts.attach.signal(packet, (from, ticket) => parts.clients.answer(from, ticket));
  } else if (isType(packet, 'order')) {
    parts.moderation.receive(packet, 0);
  } else if (isType(packet, 'reunion')) {
    parts.reunion.receive(undefined, packet, attested);
  } else if (packet.header.type === 'advertise' && packet.action === 'expect') {
    const body = expectBody.decode(packet.body);
    if (body) parts.clients.expect(body);
  } else {
    parts.attach.packet(packet);
  }
}

export function fromLink(parts: PacketParts, link: LinkState, packet: VerifiedPacket, attested: boolean): void {
  parts.links.heard(link);
  if (!parts.links.mayReceive(link, packet)) return;
  if (isType(packet, 'message')) {
    parts.flood.receive(link, packet);
  } else if (isOfBanned(parts, packet)) {
    // Nothing more of that key is shown or passed on in this session (rule K2).
  } else if (isType(packet, 'presence')) {
    parts.picture.setPresence(packet, parts.flood, link.id);
  } else if (isType(packet, 'chunk')) {
    parts.files.receive(link, packet);
  } else if (isType(packet, 'typing')) {
    parts.typing.receive(link.id, packet);
  } else if (isType(packet, 'order')) {
    parts.moderation.receive(packet, link.id);
  } else if (packet.senderId !== link.remote) {
    // Everything else is between neighbours (rule S5).
    parts.ctx.counters.badPackets++;
  } else if (isType(packet, 'reunion')) {
    parts.reunion.receive(link, packet, attested);
  } else {
    fromNeighbour(parts, link, packet);
  }
}

function isOfBanned(parts: PacketParts, packet: VerifiedPacket): boolean {
  const { type, session } = packet.header;
  return packetTypes[type].scope === 'room' && parts.flood.forks.isBanned(streamKey(packet.senderId, session));
}

function fromNeighbour(parts: PacketParts, link: LinkState, packet: VerifiedPacket): void {
  const { type } = packet.header;
  if (type === 'hello') {
    hello(parts, link, packet);
  } else if (type === 'ping') {
    const ping = pingBody.decode(packet.body);
    if (ping && parts.links.pinged(link, ping) > 0) {
      parts.flood.frontiers.lost(link);
      parts.files.introduce(link);
    }
    if (ping && isTreeLink(link)) parts.picture.compare(link, ping.edgesDigest);
    if (link.role === 'backupOut') parts.healing.judgeBackup();
  } else if (type === 'frontier' && (packet.action === 'pull' || packet.action === 'response')) {
    const body = frontierBody.decode(packet.body);
    if (body) {
      parts.moderation.compare(link, body.order ?? 0);
      parts.flood.frontiers.receive(link, body, packet.action);
      if (packet.action === 'pull') parts.receipts.introduce(link);
      place.settle(parts);
    }
  } else if (type === 'healing') {
    const body = healingBody.decode(packet.body);
    if (body && link.role === 'parent' && !parts.healing.heard(body.orphan)) place.dropParent(parts, 'cycle');
  } else if (type === 'edges') {
    const body = parts.picture.isFull && isTreeLink(link) ? edgesBody.decode(packet.body) : undefined;
    if (body) parts.picture.receive(link, body.edges);
  } else if (type === 'want') {
    const body = wantBody.decode(packet.body);
    if (body) parts.files.wanted(link, body, packet.action === 'confirm' ? 'confirm' : 'pull');
  } else if (type === 'progress') {
    const body = progressBody.decode(packet.body);
    if (body) parts.files.progressed(link, body);
  } else if (type === 'receipts') {
    const entries = receiptsBody.decode(packet.body);
    if (entries) parts.receipts.receive(link, entries);
  } else if (type === 'audit') {
    const body = auditBody.decode(packet.body);
    if (body) parts.audit.receive(link, body);
  } else if (type === 'fork') {
    const body = forkBody.decode(packet.body);
    if (body) parts.flood.forks.announced(link, body);
  } else if (type === 'leave') {
    const body = leaveBody.decode(packet.body);
    if (body) place.linkEnded(parts, link, body.reason === 'moved' ? 'moved' : 'left');
  }
}

function hello(parts: PacketParts, link: LinkState, packet: Packet): void {
  if (packet.action === 'refuse') {
    const refusal = refuseBody.decode(packet.body);
    if (!refusal) return;
    if (link.role === 'backupOut') parts.healing.rescueFailed();
    else parts.attach.failLink(link, refusal.reason);
    return;
  }
  const hello = helloBody.decode(packet.body);
  if (hello === undefined) return;
  if (packet.action === 'request') parts.clients.hello(link, hello);
  else if (packet.action === 'promote') parts.clients.promote(link, hello);
  else if (packet.action === 'response' && link.initiator) {
    const barred = parts.ctx.rules.bars(link.remote);
    if (barred !== undefined) parts.attach.failLink(link, barred);
    else if (link.phase === 'hello' && !sameBytes(hello.binding, link.binding))
      parts.attach.failLink(link, 'link-auth');
    else if (hello.role === 'parent') {
      place.attachedTo(parts, link, hello.frontierDigest);
      parts.moderation.compare(link, hello.order ?? 0);
    } else if (link.phase === 'hello') place.backupFound(parts, link);
  }
}
