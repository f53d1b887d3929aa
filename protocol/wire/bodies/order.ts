/** The body of an order: what a room's owner rules (rules O1, O2). */
import { orderAdmittedMax, orderRemovedMax, orderSpeakersMax } from '../../limits.ts';
import type { NodeId, RoomId } from '../../types.ts';
import type { ByteWriter } from '../bytes.ts';
import { codec, readIds } from './codec.ts';

/** order, push: signed by the owner. The header's seq is its version; the highest wins. */
export interface OrderBody {
  readonly room: RoomId;
  /** Only those in `admitted` may come or stay. */
  readonly locked: boolean;
  /** Only those in `speakers` may speak. */
  readonly quiet: boolean;
  readonly speakers: readonly NodeId[];
  readonly removed: readonly NodeId[];
  readonly admitted: readonly NodeId[];
}

function writeList(w: ByteWriter, ids: readonly NodeId[]): void {
  w.u16(ids.length);
  for (const id of ids) w.id(id);
}

export const orderBody = codec<OrderBody>(
  (w, v) => {
    w.id(v.room).u8(Number(v.locked)).u8(Number(v.quiet));
    writeList(w, v.speakers);
    writeList(w, v.removed);
    writeList(w, v.admitted);
  },
  (r) => ({
    room: r.id(32) as RoomId,
    locked: r.bool(),
    quiet: r.bool(),
    speakers: readIds(r, orderSpeakersMax, r.u16()),
    removed: readIds(r, orderRemovedMax, r.u16()),
    admitted: readIds(r, orderAdmittedMax, r.u16()),
  }),
);
