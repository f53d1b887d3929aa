/** What a core shows of itself: snapshots of its parts. Pure. */
import type { Attach } from './attach.ts';
import type { Context } from './context.ts';
import type { Flood } from './flood.ts';
import type { LinkView, PeerView, PlaceView } from './io.ts';
import type { Links } from './links.ts';
import type { Picture } from './picture.ts';
import type { Position } from './position.ts';
import type { ReunionSweep } from './reunion-sweep.ts';

/** Where a view is read off. */
export interface ViewParts {
  readonly ctx: Context;
  readonly links: Links;
  readonly position: Position;
  readonly picture: Picture;
  readonly flood: Flood;
  readonly attach: Attach;
  readonly reunion: ReunionSweep;
}

export function peerView(parts: ViewParts): PeerView {
  return { ...placeView(parts), edges: parts.picture.edges(), members: parts.picture.members() };
}

/** What `peerView` says but for the picture of the whole room, at little cost. */
export function placeView({ ctx, links, position, picture, flood, attach, reunion }: ViewParts): PlaceView {
  const parent = links.parent();
  const connecting = links.candidate('parent', 'move');
  return {
    id: ctx.self,
    session: ctx.factory.session,
    state: position.state,
    parent: position.head ? ctx.self : parent?.remote,
    head: position.head,
    clients: links.clients().map((link) => link.remote),
    links: linkViews(links),
    path: position.path,
    roomSize: Math.max(picture.size ?? position.roomSize, position.path.length),
    subtreeSize: reunion.fold().subtreeSize,
    rootReachable: position.rootReachable,
    registered: attach.registered,
    attachEpoch: position.attachEpoch,
    connectingTo: connecting?.remote,
    logPackets: flood.log.length,
    logBytes: flood.log.bytes,
  };
}

/** The open links alone. */
export function linkViews(links: Links): LinkView[] {
  return [...links.all()].flatMap((link) =>
    link.role ? [{ link: link.id, node: link.remote, role: link.role, rttMs: link.rttMs }] : [],
  );
}
