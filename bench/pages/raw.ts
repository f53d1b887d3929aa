/** A bare RTCDataChannel between two pages: what the browser gives when nothing is on top of it. */
import type { Pipe } from './pipe.ts';

/** Bytes that may wait in the channel; sending goes on when fewer than a quarter are left. */
const queuedBytesMax = 1024 * 1024;

let connection: RTCPeerConnection | undefined;
let channel: RTCDataChannel | undefined;

async function gathered(peer: RTCPeerConnection): Promise<string> {
  if (peer.iceGatheringState !== 'complete') {
    await new Promise<void>((resolve) => {
      peer.addEventListener('icegatheringstatechange', () => {
        if (peer.iceGatheringState === 'complete') resolve();
      });
    });
  }
  return JSON.stringify(peer.localDescription);
}

/** A channel of a connection made before, ordered and reliable, negotiated by its id. */
function make(): RTCPeerConnection {
  connection = new RTCPeerConnection({ iceServers: [] });
  channel = connection.createDataChannel('bench', { negotiated: true, id: 0 });
  channel.binaryType = 'arraybuffer';
  return connection;
}

export async function offer(): Promise<string> {
  const peer = make();
  await peer.setLocalDescription();
  return gathered(peer);
}

export async function answer(description: string): Promise<string> {
  const peer = make();
  await peer.setRemoteDescription(JSON.parse(description) as RTCSessionDescriptionInit);
  await peer.setLocalDescription();
  return gathered(peer);
}

export async function accept(description: string): Promise<void> {
  await connection?.setRemoteDescription(JSON.parse(description) as RTCSessionDescriptionInit);
}

export async function open(): Promise<Pipe> {
  const ready = channel;
  if (ready === undefined) throw new Error('offer or answer first');
  if (ready.readyState !== 'open') {
    await new Promise((resolve) => {
      ready.addEventListener('open', resolve, { once: true });
    });
  }
  ready.bufferedAmountLowThreshold = queuedBytesMax / 4;
  return {
    async send(body) {
      ready.send(body);
      if (ready.bufferedAmount <= queuedBytesMax) return;
      await new Promise((resolve) => {
        ready.addEventListener('bufferedamountlow', resolve, { once: true });
      });
    },
    receive(take) {
      ready.addEventListener('message', (event: MessageEvent<ArrayBuffer>) => {
        take(event.data.byteLength);
      });
    },
  };
}
