/** Where a peer stands, in the SDK's words: from the core's view to states, steps and the tree. Pure. */
import type { PeerView } from '../protocol/core/io.ts';
import type { ReasonCode } from '../protocol/errors.ts';
import type { NodeId, PeerState } from '../protocol/types.ts';
import type { JoinDetail, RoomState, StateChange, TreePeer, TreeView } from './api.ts';

export function roomState(state: PeerState): RoomState {
  if (state === 'attached' || state === 'healing' || state === 'left') return state;
  return 'joining';
}

/** The step that is being taken, for the first time or while healing. */
export function joinDetail(view: Pick<PeerView, 'state' | 'registered' | 'connectingTo'>): JoinDetail {
  switch (view.state) {
    case 'attached':
      return 'attached';
    case 'registering':
      return 'registering';
    case 'advertising':
    case 'connecting':
    case 'healing':
      if (view.connectingTo !== undefined) return 'connecting-to-parent';
      return view.registered ? 'asking-for-parent' : 'connecting-to-root';
    case 'idle':
    case 'left':
      return 'connecting-to-root';
  }
}

export function stateChange(view: PeerView, reason: ReasonCode): StateChange {
  const parent = view.connectingTo ?? view.parent;
  const detail = joinDetail(view);
  return { state: roomState(view.state), detail, reason, ...(parent === undefined ? {} : { parent }) };
}

export function roundTrips(view: Pick<PeerView, 'links'>): Map<NodeId, number> {
  const roundTripMs = new Map<NodeId, number>();
  for (const { node, rttMs } of view.links) if (rttMs !== undefined) roundTripMs.set(node, rttMs);
  return roundTripMs;
}

export function treeView(view: PeerView): TreeView {
  const peers = new Map<NodeId, TreePeer>();
  // The head's edge leads to itself: its parent is the root.
  for (const [id, parent] of view.edges) peers.set(id, { id, parent: parent === id ? undefined : parent });
  if (!peers.has(view.id)) peers.set(view.id, { id: view.id, parent: view.head ? undefined : view.parent });
  return {
    parent: view.parent,
    head: view.head,
    clients: view.clients,
    backup: view.links.find((link) => link.role === 'backupOut')?.node,
    path: view.path,
    depth: view.path.length,
    roomSize: view.roomSize,
    peers,
    roundTripMs: roundTrips(view),
  };
}
