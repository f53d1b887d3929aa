/** The readable trace: one line for each input and for each output worth reading. */
import type { CoreInput, CoreOutput } from '../core/io.ts';
import type { NodeId } from '../types.ts';
import type { Packet } from '../wire/packet.ts';
import { bodyText } from './body-text.ts';
import type { SimPeer } from './sim-peer.ts';

/** What peers are called in lines for people. */
export interface Names {
  nameOf(id: NodeId): string;
  nameOfKey(publicKey: Uint8Array): string;
}

/** Numbers of the inputs in the trace's hash. */
export const inputCodes: Partial<Record<CoreInput['kind'], number>> = {
  rootUp: 1,
  rootDown: 2,
  rootPacket: 3,
  linkUp: 4,
  linkDown: 5,
  linkSignal: 6,
  packet: 7,
  badPacket: 8,
  linkDrained: 9,
  sealed: 10,
  send: 11,
  presence: 12,
  offer: 13,
  probe: 14,
  leave: 15,
  timer: 16,
  typing: 17,
};

function linkText(peer: SimPeer, link: number): string {
  const end = peer.links.get(link);
  return `link ${link} (${end?.other?.peer.name ?? '?'})`;
}

function packetText(names: Names, packet: Packet): string {
  const { type, seq } = packet.header;
  const origin = type === 'message' || type === 'presence' ? ` ${names.nameOfKey(packet.sender)} #${seq}` : '';
  return `${type}.${packet.action}${origin}${bodyText(packet, (id) => names.nameOf(id))}`;
}

export function describeInput(names: Names, peer: SimPeer, input: CoreInput): string {
  switch (input.kind) {
    case 'rootPacket':
      return `<- root  ${packetText(names, input.packet)}`;
    case 'packet':
      return `<- ${linkText(peer, input.link)}  ${packetText(names, input.packet)}`;
    case 'linkUp':
    case 'linkDown':
    case 'linkSignal':
      return `${input.kind} ${linkText(peer, input.link)}`;
    case 'linkDrained':
      return `drained ${linkText(peer, input.link)} ${input.bytes} bytes`;
    case 'send':
      return `says ${input.messages.length} messages`;
    case 'sealed':
      return `sealed ${packetText(names, input.packet)}`;
    case 'chunkRead':
      return `has read ${input.index} of ${input.file.slice(-6)} for ${linkText(peer, input.link)}`;
    case 'offer':
      return `offers k ${input.clientsMax} ${input.role}${input.hidden ? ' hidden' : ''}`;
    default:
      return input.kind;
  }
}

export function describeOutput(names: Names, peer: SimPeer, output: CoreOutput): string {
  switch (output.kind) {
    case 'send':
      return `  -> ${linkText(peer, output.link)}  ${packetText(names, output.packet)}`;
    case 'sendRoot':
      return `  -> root  ${packetText(names, output.packet)}`;
    case 'seal':
      return `  seal ${packetText(names, output.packet)}`;
    case 'openLink':
      return `  opens link ${output.link} to ${names.nameOf(output.remote)}${output.initiator ? ', offering' : ''}`;
    case 'closeLink':
      return `  closes ${linkText(peer, output.link)}: ${output.reason}`;
    case 'signalLink':
      return `  signal for ${linkText(peer, output.link)}`;
    case 'deliver':
      return `  DELIVER ${names.nameOfKey(output.packet.sender)} #${output.packet.header.seq} after ${output.packet.hops} hops`;
    case 'caughtUp':
      return '  HAS what was said before';
    case 'gap':
      return `  GAP ${names.nameOf(output.sender)} #${output.from}..${output.to}`;
    case 'state':
      return `  STATE ${output.state} (${output.reason})`;
    case 'tree': {
      const view = peer.core.place();
      const path = view.path.map((id) => names.nameOf(id)).join(' ');
      const links = view.links.map((each) => `${each.role} ${names.nameOf(each.node)}`).join(', ');
      return `  tree: path [${path}]${view.head ? ' head' : ''}; ${links}`;
    }
    case 'presence':
    case 'absent':
      return `  ${output.kind} ${names.nameOf(output.node)}`;
    case 'receipts': {
      const { of, receipts } = output;
      return `  RECEIPTS ${receipts.map(({ seq, reached }) => `#${seq} ${reached}/${of}`).join(' ')}`;
    }
    case 'file':
      return `  FILE ${names.nameOf(output.sender)}/${output.manifest.file}${output.isShown ? '' : ', for others only'}`;
    case 'chunk':
      return `  CHUNK ${output.packet.header.seq} of ${output.file.slice(-6)}${output.done ? ', the last' : ''}`;
    case 'readChunk':
      return `  reads ${output.index} of ${output.file.slice(-6)} for ${linkText(peer, output.link)}`;
    case 'fileGone':
      return `  FILE ${output.file.slice(-6)} is gone${output.cancelled ? ', taken back' : ''}`;
    case 'fileProgress':
      return `  PROGRESS ${output.complete} of ${output.peers} have ${output.file.slice(-6)}`;
    case 'typing':
      return `  TYPING ${names.nameOf(output.node)} ${output.active ? 'begins' : 'ends'}`;
    case 'error':
      return `  error ${output.code}`;
    default:
      return `  ${output.kind}`;
  }
}
