/** registration, update: the ICE servers that a root hands to a peer (rule R12). */
import { isIceUrl, type IceServer } from '../../ice.ts';
import { iceServersMax, iceTextBytesMax, iceUrlsMax } from '../../limits.ts';
import type { ByteReader, ByteWriter } from '../bytes.ts';
import { codec } from './codec.ts';

export interface IceBody {
  readonly servers: readonly IceServer[];
  /** How long their credentials are good for, ms; 0 for always. New ones come before that. */
  readonly lifeMs: number;
}

function writeServer(w: ByteWriter, { urls, username, credential }: IceServer): void {
  w.u8(urls.length);
  for (const url of urls) w.text8(url);
  w.text8(username).text8(credential);
}

function readServer(r: ByteReader): IceServer {
  const count = r.u8();
  if (count < 1 || count > iceUrlsMax) r.failed = true;
  const urls: string[] = [];
  while (!r.failed && urls.length < count) {
    const url = r.text8(iceTextBytesMax);
    if (!isIceUrl(url)) r.failed = true;
    urls.push(url);
  }
  return { urls, username: r.text8(iceTextBytesMax), credential: r.text8(iceTextBytesMax) };
}

export const iceBody = codec<IceBody>(
  (w, v) => {
    w.u32(v.lifeMs).u8(v.servers.length);
    for (const server of v.servers) writeServer(w, server);
  },
  (r) => {
    const lifeMs = r.u32();
    const count = r.u8();
    if (count > iceServersMax) r.failed = true;
    const servers: IceServer[] = [];
    while (!r.failed && servers.length < count) servers.push(readServer(r));
    return { lifeMs, servers };
  },
);
