/** The bodies of what two neighbours compare of their streams, and of what introduces a proof (rules K2, K3). */
import { auditEntriesMax } from '../limits.ts';
import type { NodeId, PacketDigest, SessionId } from '../types.ts';
import { codec } from './bodies.ts';

/** The newest packet that a peer has of one stream. */
export interface AuditEntry {
  readonly sender: NodeId;
  readonly session: SessionId;
  readonly seq: number;
  readonly digest: PacketDigest;
}

const entryBytes = 16 + 8 + 4 + 16;

/** audit, push: the streams of which something came lately. */
export const auditBody = codec<readonly AuditEntry[]>(
  (w, v) => {
    w.u8(v.length);
    for (const { sender, session, seq, digest } of v) w.id(sender).id(session).u32(seq).id(digest);
  },
  (r) => {
    const entries = r.u8();
    if (entries > auditEntriesMax || entries * entryBytes > r.remaining) {
      r.failed = true;
      return [];
    }
    return Array.from({ length: entries }, () => ({
      sender: r.id(16) as NodeId,
      session: r.id(8) as SessionId,
      seq: r.u32(),
      digest: r.id(16) as PacketDigest,
    }));
  },
);

/** fork, push: the next two messages of this stream on this link contradict each other. */
export interface ForkBody {
  readonly sender: NodeId;
  readonly session: SessionId;
}
export const forkBody = codec<ForkBody>(
  (w, v) => w.id(v.sender).id(v.session),
  (r) => ({ sender: r.id(16) as NodeId, session: r.id(8) as SessionId }),
);
