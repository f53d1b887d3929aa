import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { messagesBody, type Message } from '../protocol/wire/bodies.ts';
import { encodeUtf8 } from '../protocol/wire/bytes.ts';
import { decodePacket, encodePacket, type Packet } from '../protocol/wire/packet.ts';
import { webCrypto } from './crypto/web-crypto.ts';
import { type DirectMessages } from './direct.ts';
import { ScriptMember } from './member-script.ts';

/** How often what seals and opens cannot be loaded from now on. */
let missing = 0;

/** The loading of this module fails as it does in a page whose root is away. */
function loadable(direct: DirectMessages): DirectMessages {
  const load = direct.load.bind(direct);
  direct.load = async () => (missing-- > 0 ? undefined : load());
  return direct;
}

let [ana, ben]: ScriptMember[] = [];

/** Ana's words for Ben as a packet that came to him. */
async function sealed(): Promise<Packet> {
  const message: Message = { content: 'text', data: encodeUtf8('psst'), to: ben!.id, channel: '' };
  const decoded = decodePacket(encodePacket(await ana!.sealer.seal(ana!.factory.newMessage([message], 1, 1))));
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.packet;
}

async function read(packet: Packet): Promise<Message['content'][]> {
  const taken = await ben!.sealer.verify(packet);
  return (messagesBody.decode(taken!.plainText!) ?? []).map(({ content }) => content);
}

describe('what seals messages for one', () => {
  beforeAll(async () => {
    [ana, ben] = await Promise.all([ScriptMember.of(webCrypto()), ScriptMember.of(webCrypto())]);
    const sealingKey = ben.sealer.direct.publicKey;
    const presence = { name: '', role: 'peer', sinceMs: 1, away: false, sealingKey } as const;
    await ana.sealer.verify(await ben.sealer.seal(ben.factory.newPresence(presence, 1, 1)));
    for (const member of [ana, ben]) loadable(member.sealer.direct);
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('[S8] is not needed to know whom one can reach', () => {
    missing = 1;
    expect(ana!.sealer.direct.canReach(ben!.id)).toBe(true);
    expect(missing).toBe(1);
  });

  it('[S8] is waited for by who writes, and by who reads until it cannot be had', async () => {
    vi.useFakeTimers();
    missing = 3;
    let packet: Packet | undefined;
    void sealed().then((ready) => (packet = ready));
    await vi.advanceTimersByTimeAsync(2_500);
    expect([packet, missing]).toEqual([undefined, 0]);
    await vi.advanceTimersByTimeAsync(1_000);
    vi.useRealTimers();
    await vi.waitFor(() => {
      expect(packet).toBeDefined();
    });
    missing = 1;
    // Carried, and not shown; the rest of the link does not wait.
    expect(await read(packet!)).toEqual(['sealed']);
    expect(await read(packet!)).toEqual(['text']);
  });
});
