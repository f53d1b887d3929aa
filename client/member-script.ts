/** Members of a room that only make packets, under real keys. For tests only. */
import type { NodeId, SessionId } from '../protocol/types.ts';
import { PacketFactory } from '../protocol/wire/packet-factory.ts';
import type { CryptoProvider } from './crypto/provider.ts';
import { deriveRoom } from './room-link.ts';
import { Sealer } from './seal.ts';

/** A member of a room: its sealer and a factory for its packets. */
export class ScriptMember {
  readonly sealer: Sealer;
  readonly factory: PacketFactory;

  constructor(sealer: Sealer) {
    this.sealer = sealer;
    this.factory = new PacketFactory(sealer);
    this.factory.session = '0000000000000001' as SessionId;
  }

  static async of<T extends ScriptMember>(
    this: new (sealer: Sealer) => T,
    provider: CryptoProvider,
    secret = new Uint8Array(16),
  ): Promise<T> {
    return new this(await Sealer.create(provider, await deriveRoom(secret, provider)));
  }

  get id(): NodeId {
    return this.sealer.id;
  }
}
