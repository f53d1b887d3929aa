/** Puts a stream into a store, because everybody who comes later is sent it again, and its size is told before it is sent. */
import { BanyanError } from './api.ts';
import type { Bytes } from './crypto/provider.ts';
import { storageError, type FileStore } from './file-store.ts';
import { checkFileSize } from './options.ts';

/** Bytes gathered before they are kept. */
const pieceBytes = 4 * 1024 * 1024;

export interface Spooled {
  readonly blob: Blob;
  /** Names of its pieces in the store. */
  readonly pieces: readonly string[];
}

/**
 * Reads a stream to its end. Rejects with `file-too-large`, `storage`, `file-unreadable`, `argument` (not bytes, or another
 * size than stated) or the reason of the signal; nothing is kept then, and the stream is cancelled.
 */
export async function spool(
  stream: ReadableStream<Uint8Array>,
  name: string,
  store: FileStore,
  limits: { readonly statedBytes: number | undefined; readonly bytesMax: number; readonly signal: AbortSignal },
): Promise<Spooled> {
  const reader = stream.getReader();
  const { statedBytes, bytesMax, signal } = limits;
  const blobs: Blob[] = [];
  const pieces: string[] = [];
  let piece: Bytes = new Uint8Array(pieceBytes);
  let filledBytes = 0;
  let totalBytes = 0;
  const flush = async (): Promise<void> => {
    if (filledBytes === 0) return;
    const full = piece.slice(0, filledBytes);
    filledBytes = 0;
    const next = `${name}-${pieces.length}`;
    pieces.push(next);
    blobs.push(
      await store.keep(next, full).catch((error: unknown) => {
        throw storageError(error);
      }),
    );
  };
  const onAbort = (): void => {
    void reader.cancel(signal.reason).catch(() => undefined);
  };
  signal.addEventListener('abort', onAbort);
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(() => {
        throw new BanyanError('file-unreadable', 'the stream failed');
      });
      signal.throwIfAborted();
      if (done) break;
      if (!((value as unknown) instanceof Uint8Array))
        throw new BanyanError('argument', 'a stream must give Uint8Arrays');
      totalBytes += value.length;
      checkFileSize(totalBytes);
      if (totalBytes > bytesMax) throw storageError(new RangeError('full'));
      for (let at = 0; at < value.length;) {
        const part = value.subarray(at, at + pieceBytes - filledBytes);
        piece.set(part, filledBytes);
        filledBytes += part.length;
        at += part.length;
        if (filledBytes === pieceBytes) await flush();
      }
    }
    await flush();
    if (statedBytes !== undefined && totalBytes !== statedBytes)
      throw new BanyanError('argument', `the stream gave ${totalBytes} bytes, not ${statedBytes}`);
    return { blob: new Blob(blobs), pieces };
  } catch (error) {
    void reader.cancel(error).catch(() => undefined);
    await store.drop(pieces);
    throw error;
  } finally {
    piece = new Uint8Array(0);
    signal.removeEventListener('abort', onAbort);
  }
}
