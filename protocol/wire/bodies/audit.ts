/** The bodies of what two neighbours compare of their streams, and of what introduces a proof (rules K2, K3). */
import { auditEntriesMax } from '../../limits.ts';
import type { NodeId, PacketDigest, SessionId } from '../../types.ts';
import type { ByteReader } from '../bytes.ts';
import { codec, readList } from './codec.ts';

/** The newest packet that a peer has of one stream. */
export interface AuditEntry {
  readonly sender: NodeId;
  readonly session: SessionId;
  readonly seq: number;
  readonly digest: PacketDigest;
}

const entryBytes = 16 + 8 + 4 + 16;

/** audit, push: the streams of which something came lately. */
export interface AuditBody {
  /** Whether all of it was sent on this link before, or came by it: its sender can be held to that (rule K5). */
  readonly isSent: boolean;
  readonly entries: readonly AuditEntry[];
}
export const auditBody = codec<AuditBody>(
  (w, v) => {
    w.u8(Number(v.isSent)).u8(v.entries.length);
    for (const { sender, session, seq, digest } of v.entries) w.id(sender).id(session).u32(seq).id(digest);
  },
  (r) => ({ isSent: r.bool(), entries: readEntries(r) }),
);

function readEntries(r: ByteReader): AuditEntry[] {
  return readList(r, r.u8(), { countMax: auditEntriesMax, entryBytesMin: entryBytes }, () => ({
    sender: r.id(16) as NodeId,
    session: r.id(8) as SessionId,
    seq: r.u32(),
    digest: r.id(16) as PacketDigest,
  }));
}

/** fork, push: the next two messages of this stream on this link contradict each other. */
export interface ForkBody {
  readonly sender: NodeId;
  readonly session: SessionId;
}
export const forkBody = codec<ForkBody>(
  (w, v) => w.id(v.sender).id(v.session),
  (r) => ({ sender: r.id(16) as NodeId, session: r.id(8) as SessionId }),
);
