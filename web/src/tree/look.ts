/** How a peer looks in the picture. */
import { type NodeId } from '../../../client/api.ts';

export interface Look {
  readonly name: string;
  readonly initials: string;
  /** Degrees; see hueOf. */
  readonly hue: number;
  readonly self: boolean;
  readonly away: boolean;
}

export type LookOf = (id: NodeId) => Look;
