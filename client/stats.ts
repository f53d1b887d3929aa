/** A room's figures, as the SDK shows them. Pure. */
import type { PeerView } from '../protocol/core/io.ts';
import type { PeerTotals } from '../protocol/peer.ts';
import type { RoomStats } from './api.ts';
import type { RtcLinks } from './rtc-link.ts';

/** `joinMs`: how long it took until the first place in the tree. */
export function roomStats(
  totals: PeerTotals,
  { logPackets, logBytes }: PeerView,
  counts: RtcLinks['counts'],
  joinMs: number | undefined,
): RoomStats {
  return {
    packetsIn: totals.packetsIn,
    packetsOut: totals.packetsOut,
    bytesIn: totals.bytesIn,
    bytesOut: totals.bytesOut,
    delivered: totals.delivered,
    duplicates: totals.duplicates,
    gaps: totals.gaps,
    badPackets: totals.badPackets,
    heals: totals.heals,
    joinMs,
    lastHealMs: totals.heals > 0 ? totals.lastHealMs : undefined,
    logPackets,
    logBytes,
    connectionsMade: counts.made,
    connectionsOpen: counts.open,
  };
}
