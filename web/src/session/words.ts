/** A connection's state in words. */
import { type JoinDetail, type NodeId, type ReasonCode, type RoomState } from '../../../client/api.ts';
import { type Strings } from '../strings/index.ts';

/** Where this peer stands, as far as words need it. */
export interface Standing {
  readonly state: RoomState;
  readonly detail: JoinDetail;
  readonly reason: ReasonCode | undefined;
  /** The parent being connected to, or attached to; one's own id for the head. */
  readonly parent: NodeId | undefined;
  readonly head: boolean;
  readonly depth: number;
  readonly roomSize: number;
}

/** One sentence, such as "Attached to Ana at depth 2, 7 in the room". */
export function standingInWords(standing: Standing, t: Strings, nameOf: (id: NodeId) => string): string {
  const { state, detail, parent, depth, roomSize } = standing;
  const connecting = detail === 'connecting-to-parent' && parent !== undefined;
  switch (state) {
    case 'joining':
      if (connecting) return t.joining.connectingTo(nameOf(parent));
      return detail === 'attached' ? t.joining.title : t.joining.steps[detail];
    case 'attached':
      if (standing.head) return t.state.head(roomSize);
      return parent === undefined ? t.joining.title : t.state.attached(nameOf(parent), depth, roomSize);
    case 'healing':
      return connecting ? t.state.healingTo(nameOf(parent)) : t.state.healing;
    case 'left':
      return t.state.left;
  }
}
