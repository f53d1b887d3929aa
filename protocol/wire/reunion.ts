/** The reunion as an object: the check that a peer is connected to the root. */
import { noNode, type NodeId } from '../types.ts';
import { foldBody, probeBody, sweepBody, type FoldBody, type ProbeBody, type SweepBody } from './bodies.ts';
import type { Packet } from './packet.ts';

/** What a reunion packet carries, by its action. */
export type ReunionContent =
  | { readonly kind: 'fold'; readonly fold: FoldBody }
  | { readonly kind: 'sweep'; readonly sweep: SweepBody }
  | { readonly kind: 'probe'; readonly probe: ProbeBody; readonly direction: 'up' | 'down' };

/** One reunion packet, read. */
export class Reunion {
  readonly packet: Packet<'reunion'>;
  readonly content: ReunionContent;

  private constructor(packet: Packet<'reunion'>, content: ReunionContent) {
    this.packet = packet;
    this.content = content;
  }

  /** The reunion in a packet, or `undefined` when its body is malformed or its action is none of a reunion's. */
  static read(packet: Packet<'reunion'>): Reunion | undefined {
    switch (packet.action) {
      case 'request': {
        const fold = foldBody.decode(packet.body);
        return fold && new Reunion(packet, { kind: 'fold', fold });
      }
      case 'response':
      case 'push': {
        const sweep = sweepBody.decode(packet.body);
        return sweep && new Reunion(packet, { kind: 'sweep', sweep });
      }
      case 'pull':
      case 'confirm': {
        const probe = probeBody.decode(packet.body);
        const direction = packet.action === 'pull' ? 'up' : 'down';
        return probe && new Reunion(packet, { kind: 'probe', probe, direction });
      }
      default:
        return undefined;
    }
  }

  /**
   * The next hop as seen by `self`, whose parent is `parent`: folds and probes on their way up go to the parent; a
   * probe on its way down goes back along its recorded path; a sweep goes to every client (`noNode`).
   */
  getDest(self: NodeId, parent: NodeId): NodeId {
    const { content } = this;
    if (content.kind === 'fold') return parent;
    if (content.kind === 'sweep') return noNode;
    if (content.direction === 'up') return parent;
    const at = content.probe.path.indexOf(self);
    return at > 0 ? (content.probe.path[at - 1] ?? noNode) : noNode;
  }
}
