/**
 * Changes of place: what it means for all parts of the core that a parent, a client or a backup is found or lost, that this
 * peer becomes the head, and that it leaves (rules H1, H10, L6, M5, U2).
 */
import type { LinkReason, ReasonCode } from '../errors.ts';
import { noNode, type NodeId } from '../types.ts';
import type { HelloBody, Purpose } from '../wire/bodies.ts';
import type { Attach } from './attach.ts';
import type { Context } from './context.ts';
import type { Files } from './files.ts';
import type { Flood } from './flood.ts';
import type { Healing } from './healing.ts';
import type { KeepAlive } from './keep-alive.ts';
import { isTreeLink, type LinkState, type Links } from './links.ts';
import type { Picture } from './picture.ts';
import type { Position } from './position.ts';
import type { Receipts } from './receipts.ts';
import type { ReunionSweep } from './reunion-sweep.ts';

/** Whom a change of place concerns. */
export interface PlaceParts {
  readonly ctx: Context;
  readonly links: Links;
  readonly position: Position;
  readonly picture: Picture;
  readonly keepAlive: KeepAlive;
  readonly flood: Flood;
  readonly files: Files;
  readonly receipts: Receipts;
  readonly attach: Attach;
  readonly healing: Healing;
  readonly reunion: ReunionSweep;
}

// Found.

/** The far end of a link took this peer as its client. `theirDigest`: of the frontier in its hello. */
export function attachedTo(parts: PlaceParts, link: LinkState, theirDigest: number): void {
  if (link.role === 'parent') return;
  const old = parts.links.parent();
  if (parts.position.head) parts.position.head = false;
  if (old) dismiss(parts, old, link.remote);
  parts.links.accept(link, 'parent');
  // Two attempts may have been under way: what counts is said with an epoch of its own.
  parts.position.attachEpoch++;
  parts.position.everAttached = true;
  parts.position.confirmedAtMs = parts.ctx.nowMs;
  parts.healing.reattached();
  parts.picture.see(parts.ctx.self, link.remote, parts.position.attachEpoch);
  parts.attach.confirm(link.purpose === 'move' ? 'move' : 'parent', link.remote, link.ticket);
  parts.flood.frontiers.startLink(link, theirDigest);
  settle(parts);
  parts.picture.introduce(link);
  parts.files.introduce(link);
  parts.receipts.introduce(link);
  parts.reunion.foldUp();
  parts.keepAlive.ping(link);
}

/** The far end of a link serves as this peer's backup. */
export function backupFound(parts: PlaceParts, link: LinkState): void {
  parts.links.accept(link, 'backupOut');
  parts.flood.forks.introduce(link);
  parts.attach.confirm('backup', link.remote, link.ticket);
  parts.keepAlive.ping(link);
}

/** A neighbour was taken as a client, or for one that has its backup here. */
export function accepted(parts: PlaceParts, link: LinkState, { attachEpoch, frontierDigest }: HelloBody): void {
  if (link.role === 'client') {
    link.remoteEpoch = attachEpoch;
    parts.picture.see(link.remote, parts.ctx.self, attachEpoch);
    if (parts.position.anchored) parts.reunion.tell(link, 'push');
    else parts.healing.tell(link);
    parts.flood.frontiers.startLink(link, frontierDigest);
    parts.picture.introduce(link);
    parts.files.introduce(link);
    parts.receipts.introduce(link);
  } else {
    parts.flood.forks.introduce(link);
  }
  parts.keepAlive.ping(link);
}

/** Attached means: a confirmed path, and baselines, so that nothing said from now on is missed (rule L6). */
export function settle(parts: PlaceParts): void {
  if (parts.position.anchored && parts.flood.frontiers.synced) parts.healing.anchored();
}

/** The root says that this peer is the head, or it stands alone. */
export function becomeHead(parts: PlaceParts): void {
  const parent = parts.links.parent();
  if (parts.position.head) return;
  if (parent && !parts.attach.isLeaving) {
    // The head is alive, whatever the root saw: it stays head.
    parts.attach.confirm('parent', parent.remote);
    return;
  }
  if (parent) dismiss(parts, parent, noNode);
  const candidate = parts.links.candidate('parent', 'move');
  if (candidate) parts.links.close(candidate, 'moved');
  const backup = parts.links.backup();
  if (backup) parts.links.close(backup, 'moved');
  parts.position.head = true;
  parts.position.attachEpoch++;
  parts.position.everAttached = true;
  parts.flood.frontiers.sync();
  parts.healing.reattached();
  parts.picture.see(parts.ctx.self, parts.ctx.self, parts.position.attachEpoch);
  parts.attach.confirm('parent', parts.ctx.self);
  parts.reunion.startAsHead();
  for (const client of parts.links.clients()) parts.reunion.tell(client, 'push');
}

// Said again.

/** Says again where this peer hangs: an epoch was used up by an attempt to move, or by others who hold it for gone. */
export function announce(parts: PlaceParts): void {
  const parent = parts.position.head ? parts.ctx.self : parts.links.parent()?.remote;
  if (parent === undefined) return;
  parts.picture.see(parts.ctx.self, parent, parts.position.attachEpoch);
  parts.attach.confirm('parent', parent);
}

/** Somebody says of this peer with this epoch what is not so. */
export function refute(parts: PlaceParts, epoch: number): void {
  if (epoch < parts.position.attachEpoch || !parts.position.anchored) return;
  parts.position.attachEpoch = epoch + 1;
  announce(parts);
}

/** Nothing came of an assignment. */
export function attachFailed(parts: PlaceParts, purpose: Purpose, reason: LinkReason): void {
  if (purpose === 'backup') parts.healing.backupFailed();
  else if (parts.links.parent() && reason !== 'connect-timeout') announce(parts);
}

// Lost.

/** The root says that another peer is the head. */
export function stepDown(parts: PlaceParts): void {
  if (parts.position.head) parts.healing.orphaned(noNode, 'replaced');
}

/** Leaves the parent for nobody yet. */
export function dropParent(parts: PlaceParts, reason: LinkReason): void {
  const parent = parts.links.parent();
  if (!parent) return;
  dismiss(parts, parent, noNode, reason);
  parts.healing.orphaned(parent.remote, reason);
}

/** A link is over. `gone`: the shell has closed it already. */
export function linkEnded(parts: PlaceParts, link: LinkState, reason: LinkReason, gone = false): void {
  const { role, remote } = link;
  if (role === undefined) {
    parts.attach.failLink(link, reason, gone);
    return;
  }
  if (gone) parts.links.forget(link);
  else parts.links.close(link, reason);
  if (isTreeLink(link)) parts.flood.holes.linkLost();
  if (role === 'parent') {
    parts.healing.orphaned(remote, reason);
  } else if (role === 'client') {
    clientLost(parts, link, reason);
  } else if (role === 'backupOut') {
    if (parts.healing.isOrphan) parts.healing.rescueFailed();
    else parts.healing.wantBackup();
  }
}

/** Who is at the other end may be here no longer. */
export function bar(parts: PlaceParts, link: LinkState, reason: LinkReason): void {
  if (link.phase === 'open') parts.links.send(link, parts.ctx.factory.newLeave(parts.ctx.self, reason, 0));
  linkEnded(parts, link, reason);
}

/** Says LEAVE everywhere and closes all links; `pause`: to come back with what it has. */
export function leave(parts: PlaceParts, pause: boolean, reason: ReasonCode = 'user'): void {
  const parent = parts.links.parent()?.remote ?? noNode;
  const packet = parts.ctx.factory.newLeave(parts.ctx.self, 'left', parts.position.attachEpoch, parent);
  for (const link of [...parts.links.all()]) {
    if (link.phase === 'open') parts.links.send(link, packet);
    parts.links.close(link, 'left');
    if (link.role === 'client') parts.picture.lose(link.remote);
  }
  if (parts.attach.registered) parts.ctx.sendRoot(packet);
  parts.attach.noWish();
  if (pause) parts.healing.orphaned(parent, 'left');
  else parts.position.setState('left', reason);
}

/** Leaves a parent for another, or for nobody yet. */
function dismiss(parts: PlaceParts, parent: LinkState, successor: NodeId, reason: LinkReason = 'moved'): void {
  parts.links.send(parent, parts.ctx.factory.newLeave(parts.ctx.self, 'moved', parts.position.attachEpoch, successor));
  parts.links.close(parent, reason);
}

function clientLost(parts: PlaceParts, { remote, remoteEpoch }: LinkState, reason: LinkReason): void {
  // It may be back already, by a newer link.
  if (parts.links.clients().some((client) => client.remote === remote)) return;
  // One that moved says where with a later epoch, which wins.
  parts.picture.lose(remote);
  if (reason === 'moved' || !parts.attach.registered) return;
  parts.ctx.sendRoot(parts.ctx.factory.newLeave(remote, reason, remoteEpoch));
}
