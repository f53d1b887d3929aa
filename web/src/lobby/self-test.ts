/** What stands between this browser and a room, tried one by one. Nothing is asked of anybody but the room's root. */

export const selfTests = ['secure', 'webrtc', 'loopback', 'address', 'root'] as const;
export type SelfTestName = (typeof selfTests)[number];

/** Each test gives up after this, in ms. */
const timeoutMs = 5_000;

function within<T>(work: Promise<T>, otherwise: T): Promise<T> {
  return Promise.race([work, new Promise<T>((resolve) => setTimeout(resolve, timeoutMs, otherwise))]);
}

/** Two connections of this page to each other, without any server. Tells whether a channel opened and whether there was a candidate. */
async function loopback(): Promise<{ opened: boolean; hasAddress: boolean }> {
  const [a, b] = [new RTCPeerConnection(), new RTCPeerConnection()];
  let hasAddress = false;
  const pass = (from: RTCPeerConnection, to: RTCPeerConnection) => {
    from.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate === null || candidate.candidate === '') return;
      hasAddress = true;
      void to.addIceCandidate(candidate).catch(() => undefined);
    });
  };
  pass(a, b);
  pass(b, a);
  try {
    const channel = a.createDataChannel('test');
    const open = new Promise<boolean>((resolve) => {
      channel.addEventListener('open', () => resolve(true));
    });
    await a.setLocalDescription();
    if (a.localDescription !== null) await b.setRemoteDescription(a.localDescription);
    await b.setLocalDescription();
    if (b.localDescription !== null) await a.setRemoteDescription(b.localDescription);
    return { opened: await within(open, false), hasAddress };
  } catch {
    return { opened: false, hasAddress };
  } finally {
    a.close();
    b.close();
  }
}

async function rootAnswers(link: string): Promise<boolean> {
  try {
    // What every page may ask for, wherever it came from.
    const url = new URL('/embed.js', link);
    const response = await fetch(url, { method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) });
    return response.ok;
  } catch {
    return false;
  }
}

/** Runs all tests for the room of a link; `tell` hears each result as it comes. */
export async function runSelfTests(link: string, tell: (name: SelfTestName, passed: boolean) => void): Promise<void> {
  tell('secure', window.isSecureContext);
  const hasWebRtc = 'RTCPeerConnection' in window;
  tell('webrtc', hasWebRtc);
  const root = rootAnswers(link).then((answers) => tell('root', answers));
  const { opened, hasAddress } = hasWebRtc ? await loopback() : { opened: false, hasAddress: false };
  tell('loopback', opened);
  tell('address', hasAddress);
  await root;
}
