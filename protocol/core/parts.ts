/** The parts of a peer's core, put together: who asks whom, and what an event in one part means to the others. */
import { backupDelayMs } from '../limits.ts';
import { Attach } from './attach.ts';
import { Audit } from './audit.ts';
import { Clients } from './clients.ts';
import type { Context } from './context.ts';
import { Files } from './files.ts';
import { Flood } from './flood.ts';
import { Healing } from './healing.ts';
import { KeepAlive } from './keep-alive.ts';
import { Links } from './links.ts';
import { Moderation } from './moderation.ts';
import { OwnPresence } from './own-presence.ts';
import { Picture } from './picture.ts';
import type { PacketParts } from './packet-dispatch.ts';
import * as place from './place-changes.ts';
import { Position } from './position.ts';
import { Receipts } from './receipts.ts';
import { ReunionSweep } from './reunion-sweep.ts';
import { Typing } from './typing.ts';

export interface Parts extends PacketParts {
  readonly presence: OwnPresence;
}

/** Makes every part. None of them calls another before all are there. */
export function assemble(ctx: Context): Parts {
  const links = new Links(ctx);
  const position = new Position(ctx);
  const picture = new Picture(ctx, links, (epoch) => {
    place.refute(parts, epoch);
  });
  const keepAlive = new KeepAlive(ctx, links, position, picture, (link, reason) => {
    place.linkEnded(parts, link, reason);
  });
  const files = new Files(ctx, links, picture);
  const receipts = new Receipts(ctx, links, picture, () => reunion.fold().height);
  const typing = new Typing(ctx, links, picture);
  const flood: Flood = new Flood(
    ctx,
    links,
    files,
    (node) => picture.isDeparted(node),
    () => position.anchored,
    (key, packet, messages, from) => {
      receipts.accepted(key, packet, messages, from);
      typing.spoke(packet.senderId);
      audit.accepted(key, packet.header.seq, from);
    },
  );
  const audit = new Audit(ctx, links, flood, (parent) => {
    attach.leave(parent.remote, 'dropped');
  });
  const moderation = new Moderation(ctx, links, {
    expelled: (reason) => {
      place.leave(parts, false, reason);
    },
    bar: (link, reason) => {
      place.bar(parts, link, reason);
    },
    ruled: () => {
      picture.ruled();
    },
    tellsRoot: () => attach.registered && (position.head || ctx.self === ctx.rules.owner),
  });
  const attach: Attach = new Attach(ctx, links, position, {
    becomeHead: () => {
      place.becomeHead(parts);
    },
    stepDown: () => {
      place.stepDown(parts);
    },
    failed: (purpose, reason) => {
      place.attachFailed(parts, purpose, reason);
    },
    noBackup: () => {
      healing.backupFailed();
    },
    isRoomGrowing: () => picture.hasGrown(backupDelayMs),
    barred: (reason) => {
      place.leave(parts, false, reason);
    },
    registered: (moved, roomSize, order) => {
      moderation.compareRoot(order);
      // A newcomer to a large room does not gather what it would drop at the first sweep.
      if (!position.everAttached) picture.setRoomSize(roomSize);
      if (moved) place.announce(parts);
      if (position.anchored) healing.wantBackup();
      reunion.rootChanged();
    },
    subtreeSize: () => reunion.fold().subtreeSize,
  });
  const clients = new Clients(ctx, links, position, flood, attach, (link, hello) => {
    place.accepted(parts, link, hello);
    moderation.compare(link, hello.order ?? 0);
  });
  const healing: Healing = new Healing(ctx, links, position, flood, attach, {
    standAlone: () => {
      place.becomeHead(parts);
    },
  });
  const reunion: ReunionSweep = new ReunionSweep(ctx, links, position, attach, picture, {
    cycle: () => {
      place.dropParent(parts, 'cycle');
    },
    anchored: () => {
      place.settle(parts);
    },
    unconfirmed: () => {
      place.dropParent(parts, 'unconfirmed');
    },
  });
  const presence = new OwnPresence(ctx);
  const parts: Parts = {
    ctx,
    links,
    position,
    picture,
    keepAlive,
    flood,
    files,
    receipts,
    attach,
    healing,
    reunion,
    typing,
    audit,
    moderation,
    clients,
    presence,
  };
  return parts;
}
