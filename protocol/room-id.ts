/** How a room's id follows from its admission key and its owner (rule O1). The hash itself is the shells'. */
import { ByteWriter, encodeUtf8 } from './wire/bytes.ts';
import type { NodeId } from './types.ts';

const domain = encodeUtf8('banyan-room-1');

/** What is hashed to the id of a room with an owner. The id of one without is the admission key itself. */
export function roomIdInput(admissionKey: Uint8Array, owner: NodeId): Uint8Array {
  return new ByteWriter().raw(domain).raw(admissionKey).id(owner).finish();
}
