/** The bodies of packets in a few words, for the readable trace. */
import type { NodeId } from '../types.ts';
import {
  advertiseBody,
  assignmentBody,
  chunkBody,
  confirmBody,
  edgesBody,
  errorBody,
  expectBody,
  frontierBody,
  healingBody,
  helloBody,
  leaveBody,
  pingBody,
  progressBody,
  refuseBody,
  regReqBody,
  regResBody,
  signalBody,
  wantBody,
} from '../wire/bodies.ts';
import type { Packet } from '../wire/packet.ts';
import { Reunion } from '../wire/reunion.ts';
import { auditBody, forkBody } from '../wire/bodies/audit.ts';
import { receiptsBody, typingBody } from '../wire/bodies/talk.ts';

/** Text of a body, with a leading space; empty when there is nothing to say. */
export function bodyText(packet: Packet, nameOf: (id: NodeId) => string): string {
  const text = wordsOf(packet, nameOf);
  return text === undefined || text === '' ? '' : ` ${text}`;
}

function wordsOf(packet: Packet, nameOf: (id: NodeId) => string): string | undefined {
  const { body, action } = packet;
  switch (packet.header.type) {
    case 'registration': {
      if (action === 'request') {
        const v = regReqBody.decode(body);
        const clients = v?.clients.map(nameOf).join(' ') ?? '';
        return (
          v &&
          `parent ${nameOf(v.parent)}${v.head ? ' head' : ''} epoch ${v.attachEpoch} depth ${v.depth} clients [${clients}]`
        );
      }
      const v = action === 'response' ? regResBody.decode(body) : undefined;
      return v && `size ${v.roomSize}${v.headDenied ? ' head denied' : ''}`;
    }
    case 'advertise':
      return advertiseWords(packet, nameOf);
    case 'reunion': {
      const content = Reunion.read(packet as Packet<'reunion'>)?.content;
      if (content?.kind === 'fold') return `fold round ${content.fold.round} size ${content.fold.subtreeSize}`;
      if (content?.kind === 'sweep') {
        const { sweep } = content;
        const path = sweep.path.map(nameOf).join(' ');
        return `sweep round ${sweep.round} path [${path}]${sweep.attestation ? '' : ' root unreachable'}`;
      }
      return content && `probe ${content.direction}`;
    }
    case 'signal': {
      const v = signalBody.decode(body);
      return v && `to ${nameOf(v.to)} ticket ${v.ticket.slice(0, 6)}`;
    }
    case 'leave': {
      const v = leaveBody.decode(body);
      return v && `${nameOf(v.subject)} ${v.reason}, successor ${nameOf(v.successor)}`;
    }
    case 'error':
      return errorBody.decode(body)?.code;
    case 'hello': {
      if (action === 'refuse') return refuseBody.decode(body)?.reason;
      const v = helloBody.decode(body);
      return v && `${v.role} ticket ${v.ticket.slice(0, 6)} epoch ${v.attachEpoch}${v.newcomer ? ' newcomer' : ''}`;
    }
    case 'ping': {
      const v = pingBody.decode(body);
      return v && `sent ${v.sent} received ${v.received} depth ${v.depth} parent ${nameOf(v.parent)}`;
    }
    case 'frontier': {
      const v = frontierBody.decode(body);
      return v?.entries.map((e) => `${nameOf(e.sender)}:${e.oldest}..${e.next}`).join(' ');
    }
    case 'healing': {
      const v = healingBody.decode(body);
      return v && `by ${nameOf(v.orphan)}`;
    }
    case 'edges': {
      const v = edgesBody.decode(body);
      return v?.edges
        .map((e) => `${nameOf(e.client)}${e.gone ? ' gone' : `->${nameOf(e.parent)}`}@${e.attachEpoch}`)
        .join(' ');
    }
    case 'receipts': {
      const v = receiptsBody.decode(body);
      const words = v?.map(({ sender, top, runs }) => {
        const counts = runs.map(({ length, count }) => `${length}x${count}`).join();
        return `${nameOf(sender)}:${top} ${counts}`;
      });
      return words?.join('; ');
    }
    case 'chunk':
      return `${chunkBody.decode(body)?.file}: ${packet.header.seq}`;
    case 'want': {
      const v = wantBody.decode(body);
      return v?.map(({ sender, file, next }) => `${nameOf(sender)}/${file} from ${next}`).join(' ');
    }
    case 'progress': {
      const v = progressBody.decode(body);
      return v && `${nameOf(v.sender)}/${v.file}: ${v.complete} of ${v.peers} have it`;
    }
    case 'audit': {
      const v = auditBody.decode(body);
      const entries = v?.entries.map(({ sender, seq }) => `${nameOf(sender)}:${seq}`).join(' ');
      return v && `${v.isSent ? 'sent ' : ''}${entries ?? ''}`;
    }
    case 'fork': {
      const v = forkBody.decode(body);
      return v && `of ${nameOf(v.sender)}`;
    }
    case 'typing':
      return typingBody.decode(body)?.active === true ? 'begins' : 'ends';
    default:
      return undefined;
  }
}

function advertiseWords({ body, action }: Packet, nameOf: (id: NodeId) => string): string | undefined {
  if (action === 'request') {
    const v = advertiseBody.decode(body);
    return v && `for ${v.purpose} complaint ${nameOf(v.complaint)} ${v.reason}`;
  }
  if (action === 'confirm') {
    const v = confirmBody.decode(body);
    return v && `${v.purpose} ${nameOf(v.target)} epoch ${v.attachEpoch} ticket ${v.ticket.slice(0, 6)}`;
  }
  if (action === 'expect') {
    const v = expectBody.decode(body);
    return v && `${nameOf(v.client)} as ${v.purpose} ticket ${v.ticket.slice(0, 6)} version ${v.placementVersion}`;
  }
  if (action === 'update') return undefined;
  const v = assignmentBody.decode(body);
  return (
    v && `${v.purpose} ${v.result} ${nameOf(v.target)} ticket ${v.ticket.slice(0, 6)} version ${v.placementVersion}`
  );
}
